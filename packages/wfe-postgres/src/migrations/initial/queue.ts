import type { SchemaNames } from "../../schema-names.ts";

export const queueSql = (names: SchemaNames): string => {
  void names;
  return "";
};
