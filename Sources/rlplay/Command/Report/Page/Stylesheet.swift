/// The styles of reports: colors for light and dark screens, and for paper.
enum Stylesheet {
  /// Text, lines and areas, and the palette of marks, for a light screen.
  private static let light = """
    --ink: #1c1f24; --quiet: #5d6672; --rule: #e4e7eb; --axis: #9aa3ad;
    --page: #f6f7f9; --card: #fff;
    --c0: #2468b4; --c1: #d1620f; --c2: #1f8a56; --c3: #8b46b5;
    --c4: #c2323f; --c5: #0f8a99; --c6: #8f6b00; --c7: #7a828c;
    """

  /// The same for a dark screen.
  private static let dark = """
    --ink: #e6e9ed; --quiet: #a0a9b4; --rule: #2b3138; --axis: #59626d;
    --page: #111418; --card: #191d22;
    --c0: #6aa9f0; --c1: #f2924c; --c2: #54c48b; --c3: #c48cea;
    --c4: #f2727d; --c5: #4cc3d1; --c6: #d3ad3f; --c7: #8a939e;
    """

  private static let fonts = "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif"

  /// The classes of figures, for a figure in a file of its own too.
  static let figures =
    """
    :root { \(light) }
    @media (prefers-color-scheme: dark) { :root { \(dark) } }
    @media print { :root { \(light) --page: #fff; } }
    svg { font: 11px \(fonts); fill: var(--ink); }
    svg .title { font-size: 13px; font-weight: 600; }
    svg .tick, svg .label, svg .legend { fill: var(--quiet); }
    svg path { fill: none; vector-effect: non-scaling-stroke; }
    svg .grid { stroke: var(--rule); }
    svg .axis { stroke: var(--axis); }
    svg .line {
      stroke: var(--c); stroke-width: 1.7; stroke-linejoin: round; stroke-linecap: round;
    }
    svg .dashes { stroke-dasharray: 4 3; stroke-width: 1.3; }
    svg .band { fill: var(--c); fill-opacity: .16; }
    svg .bar { fill: var(--c); fill-opacity: .75; }
    svg .dot { fill: var(--c); fill-opacity: .5; }

    """ + (0..<Mark.colorCount).map { "svg .c\($0) { --c: var(--c\($0)); }\n" }.joined()

  /// The styles of a page.
  static let page = figures + layout + readings + paper

  private static let layout = """
    * { box-sizing: border-box; }
    body {
      margin: 0 auto; padding: 20px 16px 48px; max-width: 1320px;
      background: var(--page); color: var(--ink); font: 15px/1.5 \(fonts);
    }
    h1 { font-size: 22px; line-height: 1.25; margin: 0; overflow-wrap: anywhere; }
    h2 { font-size: 17px; margin: 32px 0 12px; }
    p { margin: 6px 0; }
    .quiet, figcaption { color: var(--quiet); font-size: 13px; }
    .cards div, figure, table, details, .note {
      background: var(--card); border: 1px solid var(--rule); border-radius: 8px;
    }
    .cards {
      display: grid; grid-template-columns: repeat(auto-fit, minmax(128px, 1fr));
      gap: 10px; margin: 16px 0;
    }
    .cards div { padding: 8px 12px; }
    .cards b {
      display: block; font-size: 19px; font-weight: 600; font-variant-numeric: tabular-nums;
    }
    .cards span { color: var(--quiet); font-size: 12.5px; }
    .figures {
      display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 390px), 1fr));
      gap: 14px;
    }
    .figures + .figures { margin-top: 14px; }
    figure { margin: 0; padding: 8px 10px 10px; break-inside: avoid; }
    figure svg { display: block; width: 100%; height: auto; }
    figure img {
      display: block; width: 100%; border-radius: 4px; max-height: 260px; object-fit: contain;
    }
    figure h3 { margin: 4px 2px 8px; font-size: 14px; }
    figcaption { padding: 2px 4px 0; }
    .weights { align-items: start; }
    .weights img {
      image-rendering: pixelated; object-fit: fill; min-height: 44px; max-height: 220px;
    }
    .scroll { overflow-x: auto; }
    table {
      border-collapse: collapse; width: 100%; font-size: 13.5px;
      font-variant-numeric: tabular-nums;
    }
    th { text-align: left; color: var(--quiet); font-weight: 500; }
    td, th { padding: 4px 12px; border-top: 1px solid var(--rule); vertical-align: top; }
    tr:first-child > * { border-top: 0; }
    .number { text-align: right; white-space: nowrap; }
    td:first-child { overflow-wrap: anywhere; }
    details { padding: 8px 12px; margin: 12px 0; }
    details table { border: 0; margin-top: 8px; }
    summary { cursor: pointer; }
    code { overflow-wrap: anywhere; }
    pre { margin: 0; overflow-x: auto; font: 12.5px/1.5 ui-monospace, monospace; }
    .note { padding: 8px 12px; margin: 8px 0; color: var(--quiet); }

    """

  /// The switch between the clocks, and the numbers below a pointer.
  private static let readings = """
    .clock { margin: 12px 0 0; font-size: 13.5px; }
    .clock label { margin-right: 14px; }
    .over-time { display: none; }
    body:has(#over-time:checked) .over-time { display: block; }
    body:has(#over-time:checked) .over-steps { display: none; }
    .hit .area { pointer-events: all; }
    .hit .cross, .hit text { visibility: hidden; }
    .hit .cross { stroke: var(--axis); stroke-dasharray: 2 2; }
    .hit:hover .cross, .hit:hover text { visibility: visible; }
    svg:has(.hit:hover) .name { visibility: hidden; }

    """

  private static let paper = """
    @media print {
      body { padding: 0; max-width: none; }
      .clock { display: none; }
      .figures { grid-template-columns: 1fr 1fr; }
      h2, h2 + p { break-after: avoid; }
    }

    """
}
