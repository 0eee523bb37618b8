/** The Parquet tables of a dataset, column by column. */

import { mkdirSync } from "node:fs";
import path from "node:path";
import type { SchemaElement } from "hyparquet";
import { parquetWriteFile } from "hyparquet-writer";

/** A column's type: a plain value, or a list of them. */
export type ColumnType =
  | "float"
  | "double"
  | "int64"
  | "bool"
  | "string"
  | "floats"
  | "doubles"
  | "strings";

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** A bigint for int64, else number, boolean or string; arrays of them for lists. */
  readonly values: readonly unknown[];
}

const plain: Readonly<Record<string, Partial<SchemaElement>>> = {
  float: { type: "FLOAT" },
  double: { type: "DOUBLE" },
  int64: { type: "INT64" },
  bool: { type: "BOOLEAN" },
  string: { type: "BYTE_ARRAY", converted_type: "UTF8" },
};

const elementOf = { floats: "float", doubles: "double", strings: "string" } as const;

export interface TableOptions {
  /** Rows of each row group; all in one unless given. */
  readonly rowGroups?: readonly number[];
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Writes a table; makes its folder if needed. */
export function writeTable(
  file: string,
  columns: readonly Column[],
  { rowGroups, metadata = {} }: TableOptions = {},
): void {
  mkdirSync(path.dirname(file), { recursive: true });
  const rows = columns[0].values.length;
  const options = {
    filename: file,
    columnData: columns.map(({ name, values }) => ({ name, data: [...values] })),
    schema: [
      { name: "schema", num_children: columns.length },
      ...columns.flatMap(({ name, type }) => schemaOf(name, type)),
    ],
    rowGroupSize: rowGroups ? [...rowGroups] : Math.max(1, rows),
    kvMetadata: Object.entries(metadata).map(([key, value]) => ({ key, value })),
    createdBy: "understudy",
  };
  parquetWriteFile(options);
}

function schemaOf(name: string, type: ColumnType): SchemaElement[] {
  if (!(type in elementOf)) return [{ name, repetition_type: "OPTIONAL", ...plain[type] }];
  // three levels, as Parquet's logical type LIST wants them
  const element = plain[elementOf[type as keyof typeof elementOf]];
  return [
    { name, repetition_type: "OPTIONAL", num_children: 1, converted_type: "LIST" },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    { name: "element", repetition_type: "OPTIONAL", ...element },
  ];
}

/** Pandas' own metadata for a table whose index is its column `index`: LeRobot finds tasks by it. */
export function pandasIndex(index: string, column: string): string {
  const text = (name: string | null) => ({
    name,
    field_name: name,
    pandas_type: "unicode",
    numpy_type: "object",
  });
  return JSON.stringify({
    index_columns: [index],
    column_indexes: [{ ...text(null), metadata: { encoding: "UTF-8" } }],
    columns: [
      {
        name: column,
        field_name: column,
        pandas_type: "int64",
        numpy_type: "int64",
        metadata: null,
      },
      { ...text(index), metadata: null },
    ],
    creator: { library: "pyarrow", version: "15.0.0" },
    pandas_version: "2.2.0",
  });
}
