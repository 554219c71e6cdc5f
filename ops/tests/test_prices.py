"""The owner's cost chapter, worked by hand, and bills whose sums a reader can check with a pencil."""

import re
from pathlib import Path

import pytest

from ops.prices import (
    DEFAULT_PATH,
    Prices,
    PricesError,
    Usage,
    cloud_bill,
    host_bill,
    load_prices,
    railway_use_usd,
)
from ops.prices_page import as_page

ROOT = Path(__file__).parents[2]
MINUTES_PER_MONTH = 43_800
LITTLE = Usage(memory_gb=0.25, vcpus=0.05, redis_commands=400_000, redis_mb=10, traffic_gb=0)


@pytest.fixture(scope="module")
def prices() -> Prices:
    return load_prices()


def wrong(tmp_path: Path, old: str, new: str) -> str:
    text = DEFAULT_PATH.read_text(encoding="utf-8")
    assert old in text, "the test must change something"
    path = tmp_path / "prices.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(PricesError) as caught:
        load_prices(path)
    return str(caught.value)


def test_every_figure_of_the_cost_chapter_is_there_with_the_owners_number(prices):
    owners: dict[str | None, list[object]] = {}
    for figure in prices.figure.values():
        owners.setdefault(figure.seed, []).append(figure.owner)
    assert owners.pop(None) == [None] * 8, "what the design does not name has no owner's figure"
    expected = {
        "S224": [100], "S225": [6000], "S226": [0], "S227": [5], "S228": [3], "S229": [2], "S230": [5], "S231": [10_000 * 30],
        "S232": [256], "S233": [0], "S234": [0], "S235": [0.000463, (10, 20)], "S236": [0.20, (5, 10)], "S237": [20],
        "S238": [(35, 50)],
    }  # fmt: skip
    assert owners == expected, "a figure that is missing or altered makes every comparison with the design wrong"


def test_a_figure_of_today_says_where_and_when_it_was_read(prices):
    dated = [figure for figure in prices.figure.values() if isinstance(figure.today, float)]
    assert len(dated) >= 14, "most figures are known"
    assert all(figure.source and figure.read for figure in dated), "a price without a date is a rumour"


def test_the_free_redis_of_the_design_carries_one_symbol_every_five_seconds_and_no_more(prices):
    """W07: 6 h 15 min of session are 22,500 s, so 4,500 updates of SET and PUBLISH."""
    session_seconds = 6 * 3600 + 15 * 60
    commands_a_day = session_seconds / 5 * 2
    owners_a_day = prices.figure["upstash_free_commands"].owner_range()[0] / 30
    assert (session_seconds, commands_a_day, owners_a_day) == (22_500, 9_000, 10_000)
    assert 86_400 / owners_a_day == 8.64, "one command per 8.64 s: two symbols are past it"
    assert prices.today("upstash_free_commands") == 500_000, "today's free plan counts by the month"


def test_the_design_calls_five_dollars_of_use_free(prices):
    """W08: 3 + 2 = 5 used, 5 credited, 0 to Vercel and Upstash: 0; with today's credit of 1 the same use costs 4."""
    assert prices.owner_total("railway_api", "railway_ws") == prices.figure["railway_total"].owner_range() == (5, 5)
    use, _ = prices.owner_total("railway_total", "vercel_free", "upstash_free")
    assert use - prices.figure["railway_credit"].owner_range()[0] == prices.figure["total_free"].owner_range()[0] == 0
    assert use - prices.today("railway_credit") == 4, "the credit of 5 was a trial's, once"


def test_the_designs_price_of_memory_is_the_price_of_a_processor_minute(prices):
    """W09: 0.000463 x 730 h = 0.34 a month is not 10 to 20; 0.000231 x 43,800 min = 10.12 is."""
    owners = prices.figure["railway_memory"].owner_range()[0]
    assert owners * 730 == pytest.approx(0.34, abs=0.005)
    assert owners == prices.today("railway_cpu"), "the number is right, its unit was not"
    assert railway_use_usd(prices, memory_gb=1, vcpus=0) == pytest.approx(10.12, abs=0.005)
    assert railway_use_usd(prices, memory_gb=0, vcpus=1) == pytest.approx(20.28, abs=0.005)


def test_the_designs_total_at_scale_is_the_sum_of_its_parts(prices):
    """S238: 10 + 5 + 20 to 20 + 10 + 20."""
    parts = prices.owner_total("railway_scale", "upstash_scale", "vercel_pro")
    assert parts == prices.figure["total_scale"].owner_range() == (35, 50)


def test_a_small_month_in_the_cloud_costs_the_least_spend_and_a_seat(prices):
    """43,800 x (0.25 x 0.000231 + 0.05 x 0.000463) = 2.53 + 1.01 = 3.54, below Railway's 5; Redis free; Vercel 20."""
    bill = cloud_bill(prices, LITTLE)
    assert railway_use_usd(prices, 0.25, 0.05) == pytest.approx(3.54, abs=0.005)
    assert [line.usd for line in bill.lines if line.usd is not None] == [5, 0, 20]
    assert bill.known_usd == 25
    assert bill.unknown == ["Railway traffic", "Supabase"], "what nobody knows is said, not counted as nothing"


def test_a_larger_month_pays_for_use(prices):
    """2 GB and 1.5 vCPU: 43,800 x (0.000462 + 0.0006945) = 50.65; 3 million commands: 30 x 0.20 = 6."""
    bill = cloud_bill(prices, Usage(memory_gb=2, vcpus=1.5, redis_commands=3_000_000, redis_mb=50, traffic_gb=100))
    assert [round(line.usd, 2) for line in bill.lines if line.usd is not None] == [50.65, 6.0, 20.0]
    assert bill.known_usd == pytest.approx(76.65, abs=0.005)


def test_many_commands_are_cheaper_on_the_fixed_plan_while_the_data_fits(prices):
    """50 PUBLISH a second are 4.32 million a day: 8.64 a day by use, so 10 a month for 250 MB is less."""
    month = 50 * 86_400 * 30
    assert month / 30 / 100_000 * prices.today("upstash_commands") == pytest.approx(8.64)

    def upstash(megabytes: float) -> float | None:
        return cloud_bill(prices, Usage(0, 0, month, megabytes, 0)).lines[2].usd

    assert upstash(100) == 10
    cells = Usage(0, 0, month, 100, 0, redis_databases=3)
    assert cloud_bill(prices, cells).lines[2].usd == 30, "three databases are three plans"
    assert upstash(251) == pytest.approx(259.2), "data that does not fit the fixed plan is paid by use"


def test_a_host_of_ones_own_has_no_price_until_its_owner_names_one(prices):
    assert host_bill(prices, "docker", 1).unknown == ["hosts"]
    assert host_bill(prices, "swarm", 3, host_usd=12).known_usd == 36


def test_one_text_names_every_wrong_place(tmp_path):
    text = wrong(tmp_path, 'today = 0.000231\nsource = "https://docs.railway.app/reference/pricing"\n', "today = -1\n")
    assert "figure.railway_memory" in text
    assert str(tmp_path) in text, "the reader must know which file to open"
    assert "needs `source` and `read`" in wrong(tmp_path, 'read = "2026-11-09"\n', "")
    assert "belong together" in wrong(tmp_path, 'seed = "S224"\n', "")
    assert "not TOML" in wrong(tmp_path, "[figure.host]", "[figure.host")
    assert "figure.vercel_bandwidth.colour" in wrong(tmp_path, 'seed = "S224"', 'seed = "S224"\ncolour = 1')
    assert "smaller to the larger" in wrong(tmp_path, "owner = [35, 50]", "owner = [50, 35]")
    with pytest.raises(PricesError, match="git checkout"):
        load_prices(tmp_path / "absent.toml")


def test_asking_for_a_figure_that_is_none_is_an_error_and_not_nothing(prices):
    with pytest.raises(PricesError, match="no figure 'railway'"):
        prices.today("railway")
    with pytest.raises(PricesError, match="sum"):
        prices.today("total_free")
    with pytest.raises(PricesError, match="no figure for"):
        prices.owner_total("supabase")


def test_the_page_is_made_from_the_file(prices):
    page = (ROOT / "docs" / "costs.md").read_text(encoding="utf-8")
    assert page == as_page(prices), "make it anew: python -m ops.prices_page > docs/costs.md"
    for seed in range(224, 239):
        assert f"| S{seed} |" in page, "every figure of the cost chapter stands beside today's"


def test_the_readme_names_no_price():
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(text) > 500, "an empty page would pass"
    assert re.findall(r"[$€₹]\s?\d[\d.,]*|\b\d[\d.,]*\s?(?:USD|EUR|dollars?)\b", text) == [], (
        "prices change; prices.toml has dates"
    )
