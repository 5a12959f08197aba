import type { SchemaNames } from "../../schema-names.ts";

/** What finds instances by their data. */
export const findingSql = ({ routine: r }: SchemaNames): string => `
  -- The key of the value at a path of an instance's data, by which an index finds it: of two values that are equal in JSON it is one; what shares it by
  -- chance is told apart when the data is read. '?' is of data that the server cannot read, which may hold anything: text that is no JSON, or has escapes or
  -- numbers that the server refuses. NULL is of what is no scalar. Nothing that it is given makes it fail: every write of a row calls it.
  CREATE FUNCTION ${r.data_key_v1} (data_ text, path_ text[]) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT
    SET jit TO off SET search_path TO pg_catalog, pg_temp AS $wfe$
  DECLARE
    value_ json;
  BEGIN
    value_ := data_::json #> path_;
    RETURN CASE json_typeof(value_)
      WHEN 'null' THEN 'n'
      WHEN 'boolean' THEN left(value_::text, 1)
      WHEN 'string' THEN 's' || left(data_::json #>> path_, 200)
      WHEN 'number' THEN 'd' || encode(float8send(value_::text::float8 + 0), 'hex')
    END;
  EXCEPTION WHEN OTHERS THEN
    RETURN '?';
  END $wfe$;
`;
