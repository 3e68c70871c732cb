"""What runs code and reads pickles of strangers. It is loaded by the child process alone: nothing else imports it."""
