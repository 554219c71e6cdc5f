"""A resource type whose plans, diffs and defaults follow its property table; subclasses say what Docker has to do."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any, ClassVar

from . import checking, diff, planning, readback
from .equality import same
from .errors import DockerError, HalfMadeError
from .properties import DEFAULTS_KEY
from .resource_type import Context, Difference, Found, Made
from .schema import Fields


class TableResource:
    token: str
    fields: ClassVar[Fields]
    always_deletes_before_replace: ClassVar[bool] = False
    named_automatically: ClassVar[bool] = True

    # What Docker has to do, per type.

    def make(self, context: Context, planned: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        """Make the resource; returns its id and values learned on the way.

        DockerError if nothing was made, HalfMadeError if something was.
        """
        raise NotImplementedError

    def look(self, context: Context, resource_id: str, state: dict[str, Any]) -> dict[str, Any] | None:
        """The resource as Docker has it, as changes to `state`; None if it is gone."""
        raise NotImplementedError

    def change(self, context: Context, resource_id: str, prior: dict[str, Any], planned: dict[str, Any]) -> None:
        """Bring an existing resource in line with a plan that replaces nothing."""

    def delete(self, context: Context, resource_id: str, outputs: dict[str, Any]) -> None:
        raise NotImplementedError

    # What follows from the table.

    def check(
        self, context: Context, news: dict[str, Any], olds: dict[str, Any], autoname: Callable[[], str]
    ) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        checked = checking.check(self.fields, news, olds, autoname if self.named_automatically else None)
        return checked.inputs, checked.failures

    def diff(self, prior: dict[str, Any], inputs: dict[str, Any], ignored: Collection[str] = ()) -> Difference:
        planned = planning.plan(self.fields, prior, inputs, ignored)
        changed = any(not same(prior.get(key), planned.outputs[key]) for key in self.fields)
        changes = diff.detailed_diff(self.fields, prior, planned, inputs) if changed else {}
        replaced = {path.partition("[")[0].partition(".")[0] for path, (_, replaces) in changes.items() if replaces}
        return Difference(
            changes=changes,
            changed=changed,
            stable=[key for key, known in self.fields.items() if known.replaces and key not in replaced],
            delete_before_replace=bool(replaced) and (self.always_deletes_before_replace or self._is_named_by_program(inputs)),
        )

    def create(self, context: Context, inputs: dict[str, Any], *, preview: bool) -> Made:
        planned = planning.plan(self.fields, None, inputs).outputs
        if preview:
            return Made("", planned)
        state = planning.settled(self.fields, planned)
        try:
            resource_id, learned = self.make(context, state)
        except HalfMadeError as error:
            raise HalfMadeError(error.id, str(error), state) from error
        state.update(learned)
        try:
            found = self.look(context, resource_id, state)
        except DockerError as error:
            raise HalfMadeError(resource_id, str(error), state) from error
        if found is None:
            raise DockerError(f"{self.token} {resource_id[:12]} was gone again before its state could be read")
        now = readback.zero_filled(self.fields, {**state, **found})
        outputs = readback.after_apply(self.fields, now, planned)
        return Made(resource_id, {**outputs, "id": resource_id})

    def read(self, context: Context, resource_id: str, outputs: dict[str, Any], inputs: dict[str, Any]) -> Found | None:
        found = self.look(context, resource_id, self._blocks_filled(outputs))
        if found is None:
            return None
        state = readback.zero_filled(self.fields, {**self._blocks_filled(outputs), **found})
        now = {key: state.get(key) for key in self.fields}
        refreshing = bool(outputs)
        given = readback.inputs_of(self.fields, now, inputs) if refreshing else readback.imported_inputs(self.fields, now)
        return Found(resource_id, {**now, "id": resource_id}, given)

    def update(
        self,
        context: Context,
        resource_id: str,
        prior: dict[str, Any],
        inputs: dict[str, Any],
        ignored: Collection[str] = (),
        *,
        preview: bool,
    ) -> dict[str, Any]:
        planned = planning.plan(self.fields, prior, inputs, ignored).outputs
        if preview:
            return {**planned, "id": resource_id}
        state = planning.settled(self.fields, planned)
        outputs = {**readback.after_update(self.fields, prior, state), "id": resource_id}
        try:
            self.change(context, resource_id, prior, state)
        except DockerError as error:
            # Officially, too, the state then has what was asked for, and the error; the next run tries again only what differs.
            raise HalfMadeError(resource_id, str(error), outputs) from error
        return outputs

    def _blocks_filled(self, outputs: dict[str, Any]) -> dict[str, Any]:
        empty: dict[str, Any] = {key: [] for key, known in self.fields.items() if known.is_block and not known.single}
        return empty | {key: value for key, value in outputs.items() if key in self.fields and value is not None}

    def _is_named_by_program(self, inputs: dict[str, Any]) -> bool:
        defaults = inputs.get(DEFAULTS_KEY)
        return self.named_automatically and "name" in inputs and isinstance(defaults, list) and "name" not in defaults
