import type { SchemaNames } from "../../schema-names.ts";

export const leasesSql = (names: SchemaNames): string => {
  void names;
  return "";
};
