"""How the report looks: on a wide screen a table, on a phone a card per promise, on paper without margins."""

STYLE = """
:root{color-scheme:light;--ink:#111827;--soft:#4b5563;--line:#e5e7eb;--good:#166534;--bad:#b91c1c;--open:#92400e}
*{box-sizing:border-box}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);max-width:1240px;margin:32px auto;padding:0 20px}
h1{font-size:28px;line-height:1.2;margin:0 0 6px}h1.met{color:var(--good)}h1.missed{color:var(--bad)}h1.open{color:var(--open)}
h2{font-size:19px;margin:36px 0 8px}p{margin:6px 0;max-width:80ch}.soft{color:var(--soft)}
.warn{border-left:4px solid var(--open);padding:4px 10px;background:#fffbeb}
.sum{display:flex;gap:28px;margin:18px 0;flex-wrap:wrap}.sum div{border-left:4px solid var(--line);padding-left:10px}
.sum b{display:block;font-size:26px;line-height:1.2}.sum .met b{color:var(--good)}.sum .missed b{color:var(--bad)}
.sum .open b{color:var(--open)}.sum .zero b{color:#9ca3af}
table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:7px 8px;border-bottom:1px solid var(--line);vertical-align:top}
th{font-size:12px;color:var(--soft);font-weight:600}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}td.got{font-weight:600}
.v{font-weight:600;white-space:nowrap}.v.met{color:var(--good)}.v.missed,.v.none{color:var(--bad)}.v.open{color:var(--open)}
small{color:var(--soft);display:block;font-weight:400;white-space:normal}
.why{color:var(--bad);font-weight:600}.open .why{color:var(--open)}
.plots{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:18px}
svg{width:100%;height:auto}svg text{font:11px system-ui,sans-serif;fill:#4b5563}svg .title{font-weight:600;fill:#111827}
svg .grid{stroke:#e5e7eb}svg .mark{fill:#b45309}
dl{display:grid;grid-template-columns:max-content 1fr;gap:2px 18px}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
@media (max-width:820px){
body{margin:20px auto;padding:0 14px}h1{font-size:23px}.sum{gap:16px}.plots{gap:26px}
thead{position:absolute;clip-path:inset(50%)}table,tbody{display:block}
tr{display:flex;flex-wrap:wrap;gap:4px 18px;padding:12px 0;border-bottom:1px solid var(--line)}
td{border:0;padding:0}td:first-child{flex:0 0 100%}td.v{order:-1;flex:0 0 100%}td.n{text-align:left;white-space:normal}
td.n::before{content:attr(data-head);display:block;font-size:12px;font-weight:400;color:var(--soft)}td.nil{display:none}
dl{grid-template-columns:1fr}dd{margin-bottom:6px}
}
@media print{body{margin:0;max-width:none}.plots{grid-template-columns:1fr 1fr}tr,svg{break-inside:avoid}}
"""
