"""What a fault run found: measured figures against limits, and oracles that hold or do not."""

from dataclasses import dataclass, field

from loadtests.faults.crowd import Crowd


@dataclass
class Findings:
    """Filled by one fault; `problems` are what was not kept."""

    figures: dict[str, float] = field(default_factory=dict)
    oracles: dict[str, bool] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    summary: list[str] = field(default_factory=list)
    """Sentences for people, printed below the row."""

    def note(self, name: str, value: float) -> None:
        """A figure without a limit."""
        self.figures[name] = round(value, 3)

    def at_most(self, name: str, value: float, limit: float) -> None:
        """A figure with one."""
        self.note(name, value)
        self.holds(f"{name} <= {limit:g}", value <= limit)

    def holds(self, oracle: str, is_kept: bool) -> None:
        """Note an oracle."""
        self.oracles[oracle] = bool(is_kept)
        if not is_kept:
            self.problems.append(oracle)

    def of_crowd(self, crowd: Crowd) -> None:
        """What must be true of every crowd whatever happened."""
        totals = crowd.totals
        self.holds("O1 seq never fell", totals.fell == 0)
        self.holds("every price is one that was published", totals.wrong_price == 0)
        self.holds("the crowd was served", totals.messages > 0)
        self.note("messages", totals.messages)

    def tell_ledger(self, crowd: Crowd, truth: dict[str, tuple[str, int]]) -> None:
        """The whole ledger against the truth, in words."""
        totals = crowd.totals
        pairs, behind = sum(len(client.symbols) for client in crowd.clients), crowd.behind(truth)
        epochs = len({epoch for epoch, _ in truth.values()})
        self.summary += [
            f"ledger: {len(crowd.clients)} clients hold {pairs} (client, symbol) pairs of {len(truth)} symbols, {epochs} epochs",
            f"  at the publisher's last price {pairs - behind}, behind it {behind}; seq fell {totals.fell} times, "
            f"prices never published {totals.wrong_price}, jumps without replay or snapshot {crowd.missed}",
            f"  {totals.messages} updates seen; closes {dict(totals.closes)}; resyncs recovered {dict(totals.recovered)}; "
            f"connections {sum(client.connects for client in crowd.clients)}",
        ]
