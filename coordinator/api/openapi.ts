/** /api/openapi.json: the description of the API, made of its routes (routes/) and the types of their answers (answers.ts). */
import { z } from 'zod';
import { answerSchemas } from './generated/answer-schemas.js';
import { REQUEST_HEADER } from './browser.js';
import { paramsIn, type Route } from './routes/route.js';

/** Where it is served, to everybody: it says nothing that the source does not say. */
export const OPENAPI_PATH = '/api/openapi.json';

type Schema = { readonly [keyword: string]: unknown };

/** OpenAPI 3.1, whose schemas are JSON Schema 2020-12. */
export function openApi(routes: readonly Route[], version: string): object {
  const paths: { [path: string]: { [method: string]: object } } = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    (paths[path] ??= {})[route.method.toLowerCase()] = operation(route);
  }
  return {
    openapi: '3.1.0',
    info: { title: 'trawl', version, description: 'Times are ISO 8601 in UTC. Numbers that were not measured are null. An error is answered as {code, message}; docs/errors.md lists the codes.' },
    servers: [{ url: '/api/v1' }],
    security: [{ token: [] }, { session: [] }],
    paths,
    components: {
      schemas: answerSchemas.definitions,
      securitySchemes: { session: { type: 'apiKey', in: 'cookie', name: 'trawl_session', description: `Set by POST /login; the name ends in the port, where the address has one. What changes something needs the header ${REQUEST_HEADER} beside it.` }, token: { type: 'http', scheme: 'bearer', description: 'A token of `trawl token create`.' } },
    },
  };
}

function operation({ operation: name, method, path, right, summary, query, body, produces }: Route): object {
  return {
    operationId: operationId(method, path),
    summary,
    ...(right === null ? { security: [] } : { description: `Needs a token whose role has the right to ${right}.` }),
    parameters: [...paramsIn(path).map((param) => ({ name: param, in: 'path', required: true, schema: { type: 'string' } })), ...queryParameters(query)],
    ...(body === null ? {} : { requestBody: { required: true, content: { 'application/json': { schema: jsonSchema(body) } } } }),
    responses: {
      200: { description: 'Done.', content: { [produces]: { schema: answerSchemas.answers[name] } } },
      default: { description: 'Refused, or failed.', content: { 'application/json': { schema: { $ref: '#/components/schemas/Refusal' } } } },
    },
  };
}

/** `GET /sweeps/:sweep/file` -> `getSweepsSweepFile`. */
function operationId(method: string, path: string): string {
  const words = path.split(/[/:.-]+/).filter((word) => word !== '');
  return method.toLowerCase() + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function queryParameters(query: z.ZodType | null): object[] {
  if (query === null) return [];
  const { properties = {}, required = [] } = jsonSchema(query) as { readonly properties?: { readonly [name: string]: Schema }; readonly required?: readonly string[] };
  return Object.entries(properties).map(([name, { description, ...schema }]) => ({ name, in: 'query', required: required.includes(name), ...(description === undefined ? {} : { description }), schema }));
}

/** Of what is sent, before defaults are put in. What has a name of its own is among the schemas of the answers too. */
function jsonSchema(schema: z.ZodType): Schema {
  const { properties, required, ...rest } = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' });
  const own = { type: rest.type, properties, required, additionalProperties: rest.additionalProperties };
  return JSON.parse(JSON.stringify(own).replaceAll('"#/$defs/', '"#/components/schemas/')) as Schema;
}
