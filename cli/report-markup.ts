/** Small pieces of markup. Text goes in through `escapeText`, so that no name can become a tag. */

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Characters that mean something in HTML become entities, and control characters disappear. */
export function escapeText(text: string): string {
  const printable = [...text].filter((c) => c >= " " || c === "\n" || c === "\t").join("");
  return printable.replace(/[&<>"']/g, (c) => entities[c]);
}

/** A link target: a web address or a relative path. Anything else, such as `javascript:`, is refused. */
export function safeHref(href: string): string {
  const isWeb = /^https?:\/\//i.test(href);
  if (!isWeb && /^[^/?#]*:/.test(href)) {
    throw new Error(`internal: a report links to "${href}", which is no path and no web address.`);
  }
  return escapeText(isWeb ? href : encodeURI(href));
}

/** A table with a heading row; cells are markup already. The first column holds words. */
export function htmlTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const head = titles.map((title) => `<th scope="col">${escapeText(title)}</th>`).join("");
  const body = rows
    .map(([first, ...cells]) => {
      const rest = cells.map((cell) => `<td>${cell}</td>`).join("");
      return `<tr><th scope="row">${first}</th>${rest}</tr>`;
    })
    .join("\n");
  return `<div class="scroll"><table><thead><tr>${head}</tr></thead><tbody>\n${body}\n</tbody></table></div>`;
}
