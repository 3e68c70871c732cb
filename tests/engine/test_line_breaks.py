"""A statement that is broken over several lines is the same statement."""

from __future__ import annotations

import ast

import pytest

from nnstudio.engine.export.line_breaks import broken


@pytest.mark.parametrize(
    "statement",
    [
        "first = (second_value_of_this + third_value_of_this) + fourth_value",
        "first = function(second_value_of_this + third_value_of_this, (4, 5), (6,), keyword=(7 + 8))",
        "first = table[second_value_of_this + third_value_of_this]",
        "first = table[second_value_of_this, third_value_of_this, :]",
        "first = (second_value_of_this_statement_here,)",
        "first = function(second(item) for item in range(many_of_these_items))",
        "first = function([second_value_of_this], {'a': 'b, (c', \"d\": 1})(third_value)[fourth_value_of_this]",
        "return torch.tensor((1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0), dtype=torch.float32)",
        "first = ((a_long_name_of_something + b_long_name_of_something) * (c_long_name + d_long_name)) + e_long_name",
    ],
)
@pytest.mark.parametrize("width", [12, 24, 40, 60])
def test_nothing_but_the_lines_change(statement: str, width: int) -> None:
    whole = f"def f():\n    {statement}"
    lines = broken(f"    {statement}", width)
    assert ast.dump(ast.parse("\n".join(["def f():", *lines]))) == ast.dump(ast.parse(whole))
    assert len(lines) > 1 or len(statement) + 4 <= width
