/** The look of a report file: the tokens of client/ui/tokens.css, in the reader's own light or dark; prints on paper. */
export const STYLE = `
:root { color-scheme: light dark; --bg: light-dark(#f4f5f7, #0d0f12); --panel: light-dark(#fff, #14171b); --line: light-dark(#e3e6eb, #242a32); --text: light-dark(#161a20, #e4e8ee);
  --dim: light-dark(#566171, #97a1b0); --accent: light-dark(#2f63e6, #5b8cff); --second: light-dark(#155e63, #6fc3e8); --ok: light-dark(#17694c, #5cc99c); --bad: light-dark(#b3382a, #f08476); --before: light-dark(#8a94a3, #7b8595); }
* { box-sizing: border-box; }
body { margin: 0; background: var(--bg); color: var(--text); font: 14px/1.5 Inter, system-ui, sans-serif; font-variant-numeric: tabular-nums; }
main { max-width: 1080px; margin: 0 auto; padding: 32px 24px 64px; display: grid; gap: 16px; }
h1 { font-size: 22px; margin: 0; letter-spacing: -0.01em; } h2 { font-size: 14px; margin: 0 0 10px; } h3 { font-size: 13px; margin: 16px 0 4px; font-weight: 600; } h2 + h3 { margin-top: 0; } p { margin: 0 0 6px; }
section { background: var(--panel); border: 1px solid var(--line); border-radius: 10px; padding: 16px; break-inside: avoid; min-width: 0; overflow-x: auto; }
.two { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 420px), 1fr)); gap: 16px; }
.dim, th, figcaption, dt { color: var(--dim); } .ok { color: var(--ok); } .bad { color: var(--bad); }
dl { display: flex; flex-wrap: wrap; gap: 12px 36px; margin: 0; } dd { margin: 0; font-size: 22px; font-weight: 600; line-height: 30px; letter-spacing: -0.01em; } dt { font-size: 12px; } dl div { display: flex; flex-direction: column-reverse; justify-content: flex-end; }
table { border-collapse: collapse; width: 100%; } th { font-weight: 400; font-size: 12px; text-align: start; } td, th { padding: 5px 12px 5px 0; } td.n, th.n { text-align: end; padding: 5px 0 5px 12px; } tbody tr { border-top: 1px solid var(--line); }
.matrix td { text-align: center; padding: 5px 6px; border: 1px solid var(--panel); } .matrix th { padding: 5px 6px; text-align: center; } .matrix th.row { text-align: end; } .matrix tr { border: 0; }
figure { margin: 0; } svg { width: 100%; height: auto; display: block; } svg text { font-size: 11px; fill: var(--dim); } .grid { stroke: var(--line); }
.key { display: inline-flex; align-items: center; gap: 6px; margin-inline-end: 16px; font-size: 12px; } .key i, .dot { width: 8px; height: 8px; border-radius: 50%; display: inline-block; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(300px, 1fr)); gap: 14px; } .pair { display: grid; grid-template-columns: 1fr 1fr; gap: 4px; } .picture { background: #0a0c0e; border-radius: 4px; } .cap { font-size: 12px; overflow-wrap: anywhere; display: flex; justify-content: space-between; gap: 8px; }
@media print { body { background: #fff; } section { border-color: #ccc; } }
`;
