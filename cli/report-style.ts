/** The style sheet of the run report: light and dark, from a phone's width up, nothing to fetch. */

export const reportStyle = `
:root {
  color-scheme: light dark;
  --paper: #faf9f6; --card: #ffffff; --ink: #1d2126; --quiet: #667080; --rule: #e4e1da;
  --track: #ecebe6; --good: #1f7a63; --bad: #b5532a;
  --k0: #1f7a63; --k1: #c0671f; --k2: #3f62b5; --k3: #9a3d77; --k4: #6c7a1d; --k5: #5b6470;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171b; --card: #1c2026; --ink: #e6e8ea; --quiet: #98a2ae; --rule: #2c323a;
    --track: #2a3038; --good: #4cc2a0; --bad: #e58a5f;
    --k0: #4cc2a0; --k1: #f0a35b; --k2: #86a6f5; --k3: #df86bb; --k4: #b8c75a; --k5: #a3adb8;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; background: var(--paper);
  color: var(--ink); font: 16px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif;
  font-variant-numeric: tabular-nums;
}
h1 { margin: 0; font-size: 1.9rem; line-height: 1.2; letter-spacing: -0.01em; }
h2 { margin: 2.5rem 0 0.75rem; font-size: 1.1rem; }
p { margin: 0.25rem 0; }
a { color: inherit; text-decoration-color: var(--quiet); text-underline-offset: 0.2em; }
.quiet { color: var(--quiet); }
.grid { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); }
.tiles { margin-top: 1.5rem; grid-template-columns: repeat(auto-fit, minmax(min(100%, 13rem), 1fr)); }
.tile, figure, .panel {
  margin: 0; padding: 1rem 1.1rem; background: var(--card); border: 1px solid var(--rule);
  border-radius: 10px;
}
.tile b { display: block; font-size: 2.1rem; line-height: 1.2; font-weight: 650; letter-spacing: -0.02em; }
.tile svg, .share svg { display: block; width: 100%; height: 10px; margin: 0.5rem 0 0.35rem; }
.tile small { color: var(--quiet); font-size: 0.85rem; }
.track { fill: var(--track); } .range { fill: var(--good); opacity: 0.35; } .rate { fill: var(--good); }
.scroll { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-size: 0.95rem; }
th, td { padding: 0.45rem 1rem 0.45rem 0; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--rule); }
tr > :first-child { text-align: left; } tr > :last-child { padding-right: 0; }
tbody tr:last-child > * { border-bottom: 0; }
thead th { color: var(--quiet); font-weight: 500; font-size: 0.85rem; }
tbody th { font-weight: 500; }
figure svg { display: block; width: 100%; height: auto; }
figcaption { display: flex; flex-wrap: wrap; gap: 0.2rem 1rem; justify-content: space-between; margin-bottom: 0.5rem; font-weight: 600; font-size: 0.95rem; }
.keys { display: flex; flex-wrap: wrap; gap: 0 0.9rem; font-weight: 400; font-size: 0.85rem; color: var(--quiet); }
.key::before { content: ""; display: inline-block; width: 0.9em; height: 3px; margin-right: 0.4em; border-radius: 2px; vertical-align: middle; background: var(--k); }
.k0 { --k: var(--k0); } .k1 { --k: var(--k1); } .k2 { --k: var(--k2); }
.k3 { --k: var(--k3); } .k4 { --k: var(--k4); } .k5 { --k: var(--k5); }
svg text { fill: var(--quiet); font-size: 12px; }
.rule { stroke: var(--rule); stroke-width: 1; }
.target { stroke: var(--quiet); stroke-width: 1; stroke-dasharray: 3 4; }
.line { fill: none; stroke: var(--k); stroke-width: 2; stroke-linejoin: round; stroke-linecap: round; }
.dot { fill: var(--k); }
.bars { display: grid; grid-template-columns: max-content 1fr max-content; gap: 0.35rem 0.8rem; align-items: center; font-size: 0.95rem; }
.bars i { display: block; height: 10px; border-radius: 3px; background: var(--k, var(--k5)); min-width: 2px; }
.bars .bad { background: var(--bad); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.3rem 1.2rem; margin: 0; font-size: 0.95rem; }
dt { color: var(--quiet); } dd { margin: 0; overflow-wrap: anywhere; }
ul { margin: 0; padding-left: 1.1rem; }
pre { margin: 0.75rem 0 0; padding: 1rem; overflow-x: auto; background: var(--card); border: 1px solid var(--rule); border-radius: 10px; font-size: 0.85rem; }
details { margin-top: 1.5rem; }
summary { cursor: pointer; color: var(--quiet); }
@media (max-width: 30rem) {
  body { padding: 1.25rem 0.9rem 3rem; }
  .bars { grid-template-columns: fit-content(8rem) 1fr max-content; }
  .bars .quiet { display: block; font-size: 0.85rem; }
  dl { grid-template-columns: 1fr; gap: 0; } dd { margin-bottom: 0.5rem; }
}
`.trim();
