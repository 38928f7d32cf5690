"""The field for an expression: suggestions and a count while one types, and what is said of it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import param
from panel.custom import JSComponent

from explorer.session import Session
from explorer.views.components.assets import script, styles


class ExpressionField(JSComponent):
    """The field, the message under it, and the suggestions for what is typed."""

    answer = param.Dict(default={}, doc="Message, whether it refuses, and the suggestions for which text.")
    recent = param.List(default=[], doc="The last expressions, the newest first.")

    _esm = script("map/expression/expression_field")
    _stylesheets = styles("map/expression/expression_field")

    def __init__(self, session: Session, **params: Any) -> None:
        self._session = session
        super().__init__(**params)
        self.refresh()

    def refresh(self) -> None:
        """Show what is new, if anything is."""
        expression = self._session.selection.expression
        answer = asdict(expression.answer) | {"message": expression.message}
        answer["suggestions"] = list(answer["suggestions"])
        recent = list(expression.recent)
        if answer != self.answer or recent != self.recent:
            self.param.update(answer=answer, recent=recent)

    def _handle_msg(self, data: dict[str, Any]) -> None:
        expression = self._session.selection.expression
        if data["kind"] == "typed":
            expression.type(str(data["text"]), int(data["caret"]), int(data["typed"]))
        elif data["kind"] == "select" and str(data["text"]).strip():
            self._session.selection.where(str(data["text"]))
        self.refresh()
