/**
 * One operation of /api/v1: its method and path, who may ask it, what it takes and what it answers. A list
 * of these is all there is: the server is made from it (http.ts), and so is /api/openapi.json (openapi.ts).
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Identity } from '../../access/access.js';
import type { Right } from '../../access/roles.js';
import type { BrowserSession } from '../../store/records.js';
import type { Answers, Operation } from '../answers.js';
import { BadRequest } from '../errors.js';
import type { FileAnswer } from '../file-answer.js';
import type { SweepService } from '../sweep-service.js';

/** Any JSON, under the name that its type has in the description of the API. */
export const json = z.json().meta({ id: 'Json' });

/** `'GET /sweeps/:sweep/state'` -> `{ sweep: string }`. */
export type ParamsOf<Path extends string> = Path extends `${string}:${infer Name}/${infer Rest}`
  ? { readonly [name in Name]: string } & ParamsOf<Rest>
  : Path extends `${string}:${infer Name}`
    ? { readonly [name in Name]: string }
    : object;

export interface Asked<Path extends string, Query, Body> extends Exchange {
  readonly params: ParamsOf<Path>;
  readonly query: Query;
  readonly body: Body;
}

/** Who sent a request; and the request itself, for cookies and for what is no answer in JSON. */
export interface Exchange {
  /** Null where no token is wanted. */
  readonly identity: Identity | null;
  /** That it came in; null for a token of its own, or none. */
  readonly session: BrowserSession | null;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** In the place of an answer that was sent already. */
export const SENT: unique symbol = Symbol('sent');

export interface Route {
  readonly operation: Operation;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below /api/v1, parameters as `:name`. */
  readonly path: string;
  /** Null for everybody, without a token. */
  readonly right: Right | null;
  /** What it does, for whoever reads the description of the API. */
  readonly summary: string;
  readonly query: z.ZodType | null;
  readonly body: z.ZodType | null;
  /** Content type of the answer. */
  readonly produces: string;
  /** Called before the body is read. Throws what refuses the request. */
  readonly before: (request: FastifyRequest) => void;
  /** Throws BadRequest for what does not fit, and what the service throws. */
  answer(service: SweepService, exchange: Exchange): Promise<unknown>;
}

export interface RouteOptions<Query, Body> {
  readonly right: Right | null;
  readonly summary: string;
  readonly query?: z.ZodType<Query>;
  readonly body?: z.ZodType<Body>;
  /** Content type of the answer; JSON where it is left out. */
  readonly produces?: string;
  readonly before?: Route['before'];
}

/** An operation that the service answers. */
export function route<Name extends Operation, Query = null, Body = null>(
  operation: Name,
  options: RouteOptions<Query, Body>,
  answer: (service: SweepService, asked: Asked<Name, Query, Body>) => Answers[Name] | Promise<Answers[Name] | FileAnswer | typeof SENT>,
): Route {
  const { right, summary, query = null, body = null, produces = 'application/json', before = () => undefined } = options;
  const [method, path] = operation.split(' ') as [Route['method'], string];
  const params = z.object(Object.fromEntries(paramsIn(path).map((name) => [name, z.string().min(1)])));
  return {
    ...{ operation, method, path, right, summary, query, body, produces, before },
    answer: async (service, exchange) =>
      answer(service, {
        ...exchange,
        params: checked(params, exchange.request.params) as ParamsOf<Name>,
        query: query === null ? (null as Query) : checked(query, withLists(query, exchange.request.query)),
        body: body === null ? (null as Body) : checked(body, exchange.request.body),
      }),
  };
}

export function paramsIn(path: string): string[] {
  return [...path.matchAll(/:(\w+)/g)].map((match) => match[1] ?? '');
}

/** A parameter that may stand several times is a list where it stands once, too. */
function withLists(schema: z.ZodType, query: unknown): unknown {
  if (!(schema instanceof z.ZodObject) || typeof query !== 'object') return query;
  const { shape } = schema;
  return Object.fromEntries(Object.entries(query ?? {}).map(([name, value]: [string, unknown]) => [name, shape[name] instanceof z.ZodArray && typeof value === 'string' ? [value] : value]));
}

/** Throws BadRequest, naming each field that does not fit. */
export function checked<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  throw new BadRequest(result.error.issues.map((issue) => `${issue.path.join('.') || 'request'}: ${issue.message}`).join('; '));
}
