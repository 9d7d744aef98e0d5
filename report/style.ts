/** How a report's page looks: on screens wide and narrow, light and dark, and on paper. */
export const STYLE = `
:root { color-scheme: light; --text: #1b1f24; --soft: #57606a; --line: #d5dae0; --back: #ffffff; --box: #f5f7f9; --accent: #0067a3; }
:root[data-theme="dark"] { color-scheme: dark; --text: #e6e8eb; --soft: #a2abb5; --line: #3a4048; --back: #16191d; --box: #20252b; --accent: #6bbcf0; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 0 1.2rem 3rem; max-width: 88rem; background: var(--back); color: var(--text); font: 15px/1.5 system-ui, "Liberation Sans", "DejaVu Sans", Arial, sans-serif; overflow-wrap: anywhere; }
header { display: flex; flex-wrap: wrap; align-items: baseline; gap: .4rem 1.4rem; padding-top: 1.2rem; }
header h1 { flex: 1 1 16rem; margin: 0; font-size: 1.55rem; line-height: 1.25; }
h2 { margin: 2rem 0 .6rem; font-size: 1.2rem; border-bottom: 1px solid var(--line); padding-bottom: .2rem; }
h3 { margin: 0; font-size: 1rem; }
h4 { margin: .8rem 0 .2rem; font-size: .9rem; }
p { margin: .4rem 0; }
a { color: var(--accent); }
.controls { display: flex; flex-wrap: wrap; align-items: center; gap: .3rem 1.1rem; font-size: .88rem; }
.controls label { white-space: nowrap; }
.note, figcaption { color: var(--soft); font-size: .84rem; }
button, select { font: inherit; font-size: .84rem; color: var(--text); background: var(--box); border: 1px solid var(--line); border-radius: 4px; padding: .08rem .5rem; cursor: pointer; }
button:disabled { opacity: .5; cursor: default; }
button:hover:not(:disabled), select:hover { border-color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
#filters:not(:empty) { margin-top: .6rem; }
#filters label { max-width: 100%; white-space: normal; }
#filters select { max-width: min(18rem, 100%); }
#state:not(:empty) { margin: .7rem 0; padding: .45rem .8rem; background: var(--box); border-left: 4px solid var(--accent); }
#legend { position: sticky; top: 0; z-index: 2; display: flex; flex-wrap: wrap; align-items: center; gap: .1rem 1.1rem; max-height: 25vh; overflow-y: auto; padding: .45rem 0; background: var(--back); border-bottom: 1px solid var(--line); font-size: .88rem; }
#legend label { display: inline-flex; align-items: center; gap: .35rem; cursor: pointer; max-width: 100%; }
#legend.many { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, var(--entry)), 1fr)); }
#legend.many button { justify-self: start; }
#legend bdi { min-width: 0; overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
#legend svg { flex: none; }
#legend input { margin: 0; accent-color: var(--accent); }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr)); gap: 1.6rem 1.6rem; align-items: start; }
figure.wide { grid-column: 1 / -1; }
figure { margin: 0; min-width: 0; scroll-margin-top: 6rem; }
section:not(:has(figure:not([hidden]))) { display: none; }
.scale { display: inline-flex; flex-wrap: wrap; gap: .2rem .7rem; margin-left: .7rem; }
.scale[hidden] { display: none; }
.scale input[type="number"] { width: 6rem; font: inherit; font-size: .84rem; }
#actions:empty { display: none; }
.heading { display: flex; justify-content: space-between; align-items: center; gap: .5rem; margin-bottom: .3rem; }
.tools { display: flex; gap: .25rem; flex: none; }
.plot { overflow: hidden; }
.plot canvas { display: block; touch-action: pan-y; }
.key { display: flex; flex-wrap: wrap; gap: .1rem .9rem; font-size: .82rem; }
.key span { display: inline-flex; align-items: center; gap: .3rem; }
.patch { width: .8rem; height: .8rem; border-radius: 2px; border: 1px solid var(--line); print-color-adjust: exact; }
details { margin: .25rem 0; font-size: .88rem; }
summary { cursor: pointer; color: var(--accent); }
.scroll { overflow: auto; max-height: 26rem; border: 1px solid var(--line); border-radius: 4px; background: linear-gradient(90deg, var(--back) 30%, transparent), linear-gradient(-90deg, var(--back) 30%, transparent) 100% 0, linear-gradient(90deg, var(--line), transparent), linear-gradient(-90deg, var(--line), transparent) 100% 0; background-repeat: no-repeat; background-size: 2.4rem 100%, 2.4rem 100%, .8rem 100%, .8rem 100%; background-attachment: local, local, scroll, scroll; }
#runs .scroll { max-height: 28rem; }
table { border-collapse: collapse; width: 100%; font-size: .84rem; font-variant-numeric: tabular-nums; }
th { position: sticky; top: 0; background: var(--box); text-align: left; font-weight: 600; }
th, td { padding: .25rem .45rem; border-bottom: 1px solid var(--line); vertical-align: top; overflow-wrap: normal; }
td { unicode-bidi: isolate; min-width: 3.2rem; max-width: 22rem; overflow-wrap: anywhere; }
td[dir="auto"]:not(.short) { min-width: 12rem; }
td.short {  white-space: nowrap; }
td.number { text-align: right; white-space: nowrap; }
pre { margin: .2rem 0; padding: .6rem; overflow-x: auto; background: var(--box); border: 1px solid var(--line); border-radius: 4px; font-size: .82rem; }
#recipes pre { white-space: pre-wrap; }
#tooltip { position: fixed; z-index: 5; display: grid; grid-template-columns: auto auto; gap: 0 .7rem; max-width: min(26rem, 94vw); padding: .35rem .6rem; pointer-events: none; background: var(--box); color: var(--text); border: 1px solid var(--line); border-radius: 4px; box-shadow: 0 2px 10px rgb(0 0 0 / 25%); font-size: .82rem; }
#tooltip[hidden] { display: none; }
#tooltip .label { color: var(--soft); }
@media (max-width: 40rem) {
  body { padding: 0 .7rem 2rem; }
  #runs .scroll { max-height: none; border: none; }
  #runs table, #runs tbody { display: block; }
  #runs thead { display: none; }
  #runs tr { display: grid; grid-template-columns: 1fr 1fr; gap: 0 .8rem; margin: 0 0 .7rem; padding: .3rem .5rem; border: 1px solid var(--line); border-radius: 4px; }
  #runs td, #runs td.number, #runs td[dir="auto"]:not(.short) { display: flex; justify-content: space-between; gap: .5rem; min-width: 0; max-width: none; padding: .12rem 0; text-align: right; white-space: normal; border: none; }
  #runs td::before { content: attr(data-label); flex: none; color: var(--soft); text-align: left; }
  #runs td:first-child { grid-column: 1 / -1; font-weight: 600; }
  #runs td[dir="auto"] { grid-column: 1 / -1; }
  #legend { max-height: 20vh; }
  .tools button { min-width: 2.2rem; min-height: 2rem; }
}
@media print {
  @page { margin: 12mm; }
  body { max-width: none; padding: 0; font-size: 11px; }
  .controls, #filters, .tools, #actions, #legend button, #tooltip { display: none; }
  #legend { position: static; max-height: none; overflow: visible; }
  #legend label:has(input:not(:checked)) { display: none; }
  #legend input { display: none; }
  h2, h3, h4, .heading { break-after: avoid; }
  figure, tr, pre { break-inside: avoid; }
  .charts { grid-template-columns: 1fr 1fr; gap: 1rem; }
  .plot svg, .plot canvas { width: 100% !important; height: auto !important; }
  .scroll, #runs .scroll { max-height: none; overflow: visible; border: none; }
  th { position: static; }
  th, td { padding: .15rem .3rem; font-size: 9px; }
  td, td.short, td[dir="auto"]:not(.short) { white-space: normal; min-width: 0; }
  details:not([open]), #recipes .spec, #recipes summary::marker { display: none; }
  pre { white-space: pre-wrap; overflow: visible; font-size: 9px; }
}
`;
