/// The page of a report, in Mustache: `{{x}}` is escaped, `{{{x}}}` is HTML of our own making.
enum ReportTemplate {
  static let text = """
    <!doctype html>
    <html lang="en">
    <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{{title}}</title>
    <style>
    :root { color-scheme: light dark;
      --ink: #1f2933; --soft: #616e7c; --line: #d9e2ec; --back: #ffffff; }
    @media (prefers-color-scheme: dark) {
      :root { --ink: #e4e7eb; --soft: #9aa5b1; --line: #3e4c59; --back: #18212b; }
    }
    body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back);
      margin: 2rem auto; max-width: 1000px; padding: 0 1rem; }
    h1 { font-size: 1.5rem; margin-bottom: .2rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
    p.note { color: var(--soft); margin-top: 0; }
    .charts { display: grid; gap: 1.2rem;
      grid-template-columns: repeat(auto-fill, minmax(420px, 1fr)); }
    figure { margin: 0; } figcaption { font-weight: 600; }
    figcaption small { font-weight: 400; color: var(--soft); display: block; }
    svg text { font: 11px system-ui, sans-serif; fill: var(--ink); }
    svg .grid { stroke: var(--line); }
    table { border-collapse: collapse; } th, td { text-align: left; padding: .15rem .9rem .15rem 0;
      border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums; vertical-align: top; }
    td.number { text-align: right; }
    .columns { columns: 2 380px; }
    </style>
    </head>
    <body>
    <h1>{{title}}</h1>
    <p class="note">{{note}}</p>
    <table>
    {{#facts}}<tr><th>{{name}}</th><td>{{value}}</td></tr>
    {{/facts}}</table>
    {{#hasEvaluations}}<h2>Evaluation</h2>
    <table>
    <tr><th>file</th><th>protocol</th><th>queries</th><th>rows</th><th>ranking</th>
    <th>R@1 (95 %)</th><th>R@5</th><th>R@10</th><th>R@20</th><th>R@50</th><th>mAP</th></tr>
    {{/hasEvaluations}}{{#evaluations}}<tr><td>{{file}}</td><td>{{protocol}}</td>
    <td>{{queries}}</td><td>{{rows}}</td><td>{{ranking}}</td>
    {{#cells}}<td class="number">{{.}}</td>{{/cells}}</tr>
    {{/evaluations}}{{#hasEvaluations}}</table>
    {{/hasEvaluations}}<h2>Curves</h2>
    <div class="charts">
    {{#charts}}<figure><figcaption>{{title}}<small>{{meaning}}</small></figcaption>
    {{{drawing}}}</figure>
    {{/charts}}</div>
    {{#hasSizes}}<h2>Cluster sizes</h2>
    <p class="note">{{sizesNote}}</p>
    <table>
    <tr><th>videos in a cluster</th><th>fine clusters</th><th>of all videos</th></tr>
    {{/hasSizes}}{{#sizes}}<tr><td>{{range}}</td><td class="number">{{clusters}}</td><td class="number">{{share}}</td></tr>
    {{/sizes}}{{#hasSizes}}</table>
    {{/hasSizes}}<h2>Configuration</h2>
    <div class="columns">
    <table>
    {{#settings}}<tr><th>{{name}}</th><td>{{value}}</td></tr>
    {{/settings}}</table>
    </div>
    </body>
    </html>

    """
}
