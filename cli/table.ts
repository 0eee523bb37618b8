/** Tables in plain text, columns aligned: words to the left, numbers to the right. */

export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

/**
 * Lays out rows under their titles, two spaces between columns.
 * A cell that is missing is left blank; widths count characters as a terminal shows them.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string {
  const widths = columns.map(({ title }, c) =>
    Math.max(shownWidth(title), ...rows.map((row) => shownWidth(row[c] ?? ""))),
  );
  const line = (cells: readonly string[]) =>
    columns
      .map(({ align }, c) => pad(cells[c] ?? "", widths[c], align ?? "left"))
      .join("  ")
      .trimEnd();
  const titles = columns.map(({ title }) => title);
  const rule = widths.map((width) => "─".repeat(width)).join("  ");
  return `${[line(titles), rule, ...rows.map(line)].join("\n")}\n`;
}

function pad(cell: string, width: number, align: "left" | "right"): string {
  const space = " ".repeat(width - shownWidth(cell));
  return align === "right" ? space + cell : cell + space;
}

/** Characters, not UTF-16 units: an emoji or an accent counts once. */
function shownWidth(text: string): number {
  return [...text.normalize("NFC")].length;
}
