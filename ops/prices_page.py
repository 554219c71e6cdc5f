"""`python -m ops.prices_page` prints docs/costs.md: the owner's figures beside today's; a test keeps page and file alike."""

from ops.prices import Figure, Prices, load_prices

INTRODUCTION = """# What it costs: the owner's figures beside today's

Made from `ops/prices.toml` by `python -m ops.prices_page`; a test keeps both alike. No account of any vendor was used: a
figure of today was read at its source on the date given, and what was not found is unknown. Look again before you rely on
one. `python -m ops capacity --audience N` puts a bill together from these and from what it measured.
"""
CHECKS = """
## The sums, worked by hand

A test recomputes each of them (`ops/tests/test_prices.py`).

- **Redis, free (S231).** 10,000 commands a day are one per 8.64 s. One symbol every 5 s through one session of 6 h 15 min
  is 4,500 updates of SET and PUBLISH, 9,000 commands: one symbol fits, two do not. Today's free plan counts 500,000 a
  month.
- **"$0" and "$5" (S230, S234).** API 3 + sockets 2 = 5 of use; less the credit of 5, and nothing to Vercel and Upstash: 0.
  Today's credit is 1 a month (5 once, as a trial), so the same use costs 4; Vercel's free plan is for non-commercial use,
  so a product pays the seat.
- **Memory (S235).** $0.000463 per GB-hour would be 0.34 a month, not 10 to 20. It is Railway's price of a vCPU-*minute*
  (20.28 a month); memory is $0.000231 per GB-minute (10.12 a month).
- **At scale (S238).** 10 + 5 + 20 = 35 to 20 + 10 + 20 = 50.
"""


def as_page(prices: Prices) -> str:
    """The page as Markdown."""
    lines = ["| seed | what | unit | the owner's | today | read | source |", "|---|---|---|---|---|---|---|"]
    lines += [_row(figure) for figure in prices.figure.values()]
    return f"{INTRODUCTION}\nOwner's figures: {prices.owner_source}.\n\n" + "\n".join(lines) + f"\n{CHECKS}"


def _row(figure: Figure) -> str:
    owner = "-" if figure.owner is None else " to ".join(f"{part:g}" for part in dict.fromkeys(figure.owner_range()))
    today = f"{figure.today:g}" if isinstance(figure.today, float) else figure.today
    note = f" ({figure.note})" if figure.note else ""
    cells = (figure.seed or "-", figure.what, figure.unit, owner, f"{today}{note}", figure.read or "-", figure.source or "-")
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    print(as_page(load_prices()), end="")
