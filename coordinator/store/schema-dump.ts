/**
 * The schema as text, from the catalogue, in an order that depends on names alone. It is committed as
 * schema.sql, so that a change of the schema is seen in review; a test holds both equal. (The
 * embedded Postgres brings no pg_dump, whose text moves with its version besides.)
 */
import type { ClientBase } from 'pg';

const columns = `
  select c.relname as relation, a.attname as name, format_type(a.atttypid, a.atttypmod) as type,
         a.attnotnull as required, pg_get_expr(d.adbin, d.adrelid) as preset
  from pg_attribute a join pg_class c on c.oid = a.attrelid
  left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where c.relkind = 'r' and c.relnamespace = current_schema()::regnamespace and a.attnum > 0 and not a.attisdropped
  order by c.relname collate "C", a.attnum`;

// Postgres 18 lists not-null constraints too; they stand with their columns already.
const constraints = `
  select c.relname as relation, o.conname as name, pg_get_constraintdef(o.oid) as definition
  from pg_constraint o join pg_class c on c.oid = o.conrelid
  where c.relnamespace = current_schema()::regnamespace and o.contype <> 'n'
  order by c.relname collate "C", o.contype <> 'p', o.conname collate "C"`;

const indexes = `
  select i.indrelid::regclass::text as relation, pg_get_indexdef(i.indexrelid) as definition
  from pg_index i join pg_class c on c.oid = i.indexrelid
  where c.relnamespace = current_schema()::regnamespace
    and not exists (select from pg_constraint o where o.conindid = i.indexrelid)
  order by c.relname collate "C"`;

const sequences = `
  select c.relname as name from pg_class c
  where c.relkind = 'S' and c.relnamespace = current_schema()::regnamespace order by c.relname collate "C"`;

export async function dumpSchema(client: ClientBase): Promise<string> {
  const tables = new Map<string, string[]>();
  for (const row of (await client.query<{ relation: string; name: string; type: string; required: boolean; preset: string | null }>(columns)).rows) {
    const lines = tables.get(row.relation) ?? [];
    tables.set(row.relation, lines);
    lines.push(`  ${row.name} ${row.type}${row.required ? ' not null' : ''}${row.preset === null ? '' : ` default ${row.preset}`}`);
  }
  for (const row of (await client.query<{ relation: string; name: string; definition: string }>(constraints)).rows) {
    tables.get(row.relation)?.push(`  constraint ${row.name} ${row.definition}`);
  }
  const sequenceLines = (await client.query<{ name: string }>(sequences)).rows.map(({ name }) => `create sequence ${name};`);
  const tableLines = [...tables].map(([name, lines]) => `create table ${name} (\n${lines.join(',\n')}\n);`);
  const indexLines = (await client.query<{ definition: string }>(indexes)).rows.map(({ definition }) => `${definition};`);
  return `${['-- Written by the test "the committed schema is that of the migrations"; see CONTRIBUTING.md.', ...sequenceLines, ...tableLines, ...indexLines].join('\n\n')}\n`;
}
