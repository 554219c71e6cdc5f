"""NSE's answers, by what they tell: the price now, the past, the market."""

from services.api.upstreams.nse.market import parse_holidays, parse_market_status, parse_meta_data, parse_search
from services.api.upstreams.nse.past import parse_chart, parse_history
from services.api.upstreams.nse.readings import (
    SOURCE,
    parse_all_indices,
    parse_etfs,
    parse_index_value,
    parse_member,
    parse_members,
    parse_pre_open,
    parse_pre_open_row,
    parse_quote_equity,
    parse_symbol_data,
    parse_trade_info,
)

__all__ = [
    "SOURCE", "parse_all_indices", "parse_chart", "parse_etfs", "parse_history", "parse_holidays", "parse_index_value",
    "parse_market_status", "parse_member", "parse_members", "parse_meta_data", "parse_pre_open", "parse_pre_open_row",
    "parse_quote_equity", "parse_search", "parse_symbol_data", "parse_trade_info",
]  # fmt: skip
