"""What becomes of each column of a table: decided from the facts and from what the person chose."""

from __future__ import annotations

from dataclasses import replace

from nnstudio.library.datasets._table_facts import MOST_WORDS, Facts, TableFacts
from nnstudio.library.datasets._table_kinds import is_class, kind
from nnstudio.library.datasets._table_numbers import cautions, one_number, said
from nnstudio.library.datasets._table_plan import Column, Plan, Use, in_order, is_number, plain_number
from nnstudio.library.datasets._table_reader import MOST_COLUMNS, Table, listed
from nnstudio.library.datasets._table_settings import TableSettings

_UNKNOWN = "missing"  # the category of what is missing
_LEFT_OUT = {"empty": "no values", "constant": "the same in all rows", "identifier": "only a number of the row"}


def decide(table: Table, facts: TableFacts, choices: TableSettings, decimal: str) -> Plan:
    """What becomes of each column. What stands in the way is in `problems`."""
    return _Decision(table, facts, choices, decimal).made()


def target_of(table: Table, choices: TableSettings) -> str:
    """The column that is predicted: the chosen one, or the last that is not used in another way."""
    used = {*choices.ignored, choices.group_column, choices.time_column}
    return choices.target or next((name for name in reversed(table.names) if name not in used), table.names[-1])


class _Decision:
    """The making of a plan, column by column."""

    def __init__(self, table: Table, facts: TableFacts, choices: TableSettings, decimal: str) -> None:
        self.table, self.facts, self.choices = table, facts, choices
        self.plan = Plan(decimal)
        self.plan.notices += table.notices
        self.left_out: dict[str, list[str]] = {}
        self.filled: list[str] = []

    def made(self) -> Plan:
        plan, choices = self.plan, self.choices
        if not self.facts.rows:
            plan.problems.append(f"{self.table.path.name} has no rows below the names of its columns. Add some.")
            return plan
        self._check_names()
        first = target_of(self.table, choices)
        targets = list(dict.fromkeys([first, *choices.targets]))
        for name in (name for name in self.table.names if name in self.facts.columns):
            of = self.facts.columns[name]
            if name in targets:
                self._settle(of, self._target(of, len(targets)))
            elif name in choices.ignored:
                self._settle(of, "left out, as chosen")
            elif name == choices.group_column:
                self._settle(of, self._group(of))
            elif name == choices.time_column:
                self._settle(of, self._time(of))
            else:
                self._settle(of, self._feature(of))
        plan.targets.sort(key=lambda use: targets.index(use.column))
        if plan.targets and any(use.way == "codes" for use in plan.targets) and len(targets) > 1:
            plan.problems.append(
                f"{self.table.path.name}: several targets must all be numbers, but {plan.targets[0].column!r} holds "
                "classes. Choose one target, or set the task to regression."
            )
        self._conclude()
        return plan

    def _check_names(self) -> None:
        choices = self.choices
        single = (choices.target, choices.group_column, choices.time_column)
        asked = [*(name for name in single if name), *choices.targets, *choices.ignored]
        for name in dict.fromkeys([*asked, *choices.categories, *choices.numbers, *choices.dates]):
            if name not in self.facts.columns:
                self.plan.problems.append(
                    f"{self.table.path.name} has no column {name[:60]!r}: it has {listed(self.table.names)}. "
                    "Choose one of its columns in the Data panel."
                )

    def _settle(self, of: Facts, becomes: tuple[str, str] | str) -> None:
        """Note what becomes of a column, or what stands in the way of it."""
        becomes, problem = (becomes, "") if isinstance(becomes, str) else becomes
        if problem:
            self.plan.problems.append(problem)
        found = kind(of, self.plan.decimal)
        self.plan.columns.append(Column(of.name, found, becomes, of.distinct, of.absent, tuple(of.examples), problem))

    # -- the roles of a column

    def _target(self, of: Facts, together: int) -> tuple[str, str] | str:
        plan, task = self.plan, self.choices.task
        if not of.present:
            return "the target", self._said(of, 0, "the target has no value in any row. Choose another target")
        if self.choices.missing_targets == "refuse" and of.absent:
            return "the target", self._missing(of, "a target", "Missing targets")
        self._need(of)
        forced = of.name in self.choices.categories or (task == "classification" and together == 1)
        values = of.name in self.choices.numbers or of.name in self.choices.dates or task == "regression"
        classes = forced or (not values and together == 1 and is_class(of, plan.decimal))
        if not classes:
            plan.task = "regression"
            return self._as_number(of, plan.targets, "the target: a number", target=True)
        plan.task = "classification"
        if of.words is None:
            words = f"more than {MOST_WORDS:,} different values are too many classes. Choose another target or task"
            return "the target", self._said(of, None, words)
        if len(of.words) < 2:
            only = f"every row has the same class, {next(iter(of.words))[:40]!r}, so there is nothing to tell apart"
            return "the target", self._said(of, None, f"{only}. Choose another target, or add rows of another class")
        self._spellings(of)
        plan.targets.append(Use(of.name, "codes", in_order(of.words)))
        return f"the target: {len(of.words):,} classes"

    def _group(self, of: Facts) -> tuple[str, str] | str:
        if not of.readable or of.words is None:
            return "the groups", self._said(of, None, "there are too many different groups. Choose another column")
        if of.absent and self.choices.missing_targets == "refuse":
            return "the groups", self._missing(of, "a group", "Missing targets")
        self._need(of)
        self.plan.group = Use(of.name, "codes", in_order(of.words))
        return f"the groups: {len(of.words):,} of them"

    def _time(self, of: Facts) -> tuple[str, str] | str:
        if of.absent and self.choices.missing_targets == "refuse":
            return "the times", self._missing(of, "a time", "Missing targets")
        self._need(of)
        made: list[Use] = []
        becomes = self._as_number(of, made, "the times", target=True)
        self.plan.time = made[0] if made else None
        return becomes

    def _feature(self, of: Facts) -> tuple[str, str] | str:
        choices, found = self.choices, kind(of, self.plan.decimal)
        if of.name in choices.categories and of.present:
            return self._category(of)
        if of.name in choices.dates or of.name in choices.numbers:
            return self._as_number(of, self.plan.features, "a number")
        if found in ("empty", "constant", "identifier"):
            self.left_out.setdefault(found, []).append(of.name)
            return f"left out: {_LEFT_OUT[found]}"
        if found == "unreadable":
            reason = f"values of the type {of.dtype} cannot be read. Put the column among the ignored ones"
            return "nothing yet", self._said(of, None, reason)
        if found == "text":
            many = f"{len(of.words):,}" if of.words is not None else "very many"
            reason = f"it holds texts ({many} different ones), and a network needs numbers"
            remedy = "Put the column among the ignored ones, or among the categories"
            return "nothing yet", self._said(of, None, f"{reason}. {remedy}")
        if found == "category":
            return self._category(of)
        return self._as_number(of, self.plan.features, "a number")

    # -- the ways of turning it into numbers

    def _category(self, of: Facts) -> tuple[str, str] | str:
        way, missing = self.choices.category_encoding, self.choices.missing_categories
        if of.words is None or not of.readable:
            reason = f"it has more than {MOST_WORDS:,} different values, too many for categories"
            return "categories", self._said(of, None, f"{reason}. Put the column among the ignored ones")
        words, absent = in_order(of.words), ""
        if of.absent:
            if missing == "refuse":
                return "categories", self._missing(of, "a category", "Missing categories")
            if missing == "leave out the row":
                self._need(of)
            else:
                absent = _UNKNOWN
                while absent in of.words:
                    absent = f"({absent})"
                words = (*words, absent)
        self._spellings(of)
        use = Use(of.name, "one-hot" if way == "one-hot" else "ordinal", words, absent)
        self.plan.features.append(use)
        one = f"{len(words):,} columns of 0 and 1" if way == "one-hot" else f"a number from 0 to {len(words) - 1:,}"
        return one

    def _as_number(self, of: Facts, into: list[Use], becomes: str, target: bool = False) -> tuple[str, str] | str:
        use = one_number(self.table, of, self.choices, self.plan.decimal)
        if isinstance(use, str):
            return becomes, use
        if use.way == "number":
            self.plan.notices += cautions(of)
        if use.way == "days":
            becomes += ", in days since 1970"
        if not target and of.absent:
            missing = self.choices.missing
            if missing == "refuse":
                return becomes, self._missing(of, "a number", "Missing")
            if missing == "leave out the row":
                self._need(of)
            else:
                self.filled.append(of.name)
                if self.choices.missing_indicator:
                    use = replace(use, indicator=True)
                    becomes += ", and a column that says where it is missing"
        into.append(use)
        return becomes

    # -- sentences and counts

    def _need(self, of: Facts) -> None:
        if of.absent:
            self.plan.needed.append(of.name)

    def _spellings(self, of: Facts) -> None:
        """Say when words differ only in their case, or numbers only in how they are written."""
        for plain in (str.casefold, plain_number):
            seen: dict[str, str] = {}
            for word in sorted(of.words or ()):
                same = seen.setdefault(plain(word), word)
                if same != word:
                    self.plan.notices.append(
                        f"{of.name!r} holds {same[:40]!r} and {word[:40]!r}, which count as different categories."
                    )
                    return

    def _missing(self, of: Facts, needed: str, setting: str) -> str:
        words = f"{needed} is needed, but nothing stands there"
        if of.absent > 1:
            words += f" (nor in {of.absent - 1:,} other row{'s' if of.absent > 2 else ''})"
        return self._said(of, of.first_absent, f'{words}. Choose under "{setting}" what is done with such rows')

    def _said(self, of: Facts, row: int | None, words: str) -> str:
        return said(self.table, of, row, words)

    def _conclude(self) -> None:
        plan, name = self.plan, self.table.path.name
        for reason, names in self.left_out.items():
            plan.notices.append(f"Left out ({_LEFT_OUT[reason]}): {listed(names)}.")
        if self.filled:
            self._fill()
        if self.facts.blank:
            rows = "1 empty row was" if self.facts.blank == 1 else f"{self.facts.blank:,} empty rows were"
            plan.notices.append(f"{rows} skipped.")
        if self.choices.header and all(map(is_number, self.table.own_names)):
            plan.notices.append("The first line holds numbers only. If it is a row, switch Header off.")
        if plan.problems:
            return
        if self.choices.history and plan.task == "regression":
            plan.features += plan.targets
        if not plan.features:
            plan.problems.append(
                f"{name} has no column left to predict {plan.targets[0].column!r} from. Choose another target, put "
                "fewer columns among the ignored ones, or put those that were left out among the numbers."
            )
        width = len(plan.feature_names)
        if width > MOST_COLUMNS:
            widest = max(plan.features, key=lambda use: len(use.words))
            plan.problems.append(
                f"{name}: the columns would become {width:,} numbers in each row, but at most {MOST_COLUMNS:,} are "
                f"possible; {widest.column!r} alone has {len(widest.words):,} categories. Put it among the ignored "
                "ones, or encode categories as ordinal numbers."
            )

    def _fill(self) -> None:
        plan, missing = self.plan, self.choices.missing
        plan.zero = missing == "zero"
        plan.fill = "" if plan.zero else missing.replace(" ", "_")
        words = "0" if plan.zero else f"{'their' if len(self.filled) > 1 else 'its'} {missing}"
        words += " value" if missing == "most frequent" else ""
        where = "" if plan.zero else " in the training rows"
        plan.notices.append(f"Missing numbers in {listed(self.filled)} are filled with {words}{where}.")
