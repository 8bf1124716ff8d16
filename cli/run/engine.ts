/**
 * Which engine trains a sweep. A new one takes the best that this machine has. One that has begun keeps
 * that of its latest revision, whatever was installed since: engines differ, so another one means other
 * epoch keys and training everything anew, which nobody should find out by surprise.
 */
import type { Preview, SubmitRequest, SweepService } from '../../coordinator/api/views.js';
import { chooseEngine, choiceText, type EngineFact, type UsableEngine } from '../../worker/engine/choose.js';
import type { EngineName } from '../../worker/engine/names.js';
import { EngineUnusable } from '../../worker/engine/native/errors.js';
import { imageNumerics } from '../../worker/train/numerics.js';

export interface SettledEngine {
  /** With the numerics that were settled. */
  readonly request: SubmitRequest;
  readonly preview: Preview;
  /** Null where no model is trained, or all was trained by an engine that is not to be had here. */
  readonly engine: UsableEngine | null;
  /** Which and why, for a person; null where no model is trained. */
  readonly line: string | null;
}

export interface EngineQuestion {
  readonly service: Pick<SweepService, 'preview'>;
  readonly request: SubmitRequest;
  readonly facts: readonly EngineFact[];
  readonly forced: EngineName | null;
}

/** Throws EngineUnusable where --engine names one that cannot be used, or the sweep's own cannot and there is something left to train. */
export async function settleEngine(question: EngineQuestion): Promise<SettledEngine> {
  const { service, request, facts, forced } = question;
  if (request.numerics === 'none') return { request, preview: await service.preview(request), engine: null, line: null };
  const chosen = chooseEngine(facts, forced);
  const settled = await withNumerics(service, request, imageNumerics(chosen.engine.numerics));
  const began = settled.preview.existing?.numerics ?? null;
  if (began === null || began === settled.request.numerics) return { ...settled, engine: chosen.engine, line: choiceText(chosen) };
  if (forced !== null) return { ...settled, engine: chosen.engine, line: `${chosen.engine.label}, as --engine says; the sweep was last submitted with ${shown(began)}, whose epochs do not count here` };
  return keepEngine(question, began, settled.preview.name);
}

async function keepEngine({ service, request, facts }: EngineQuestion, began: string, name: string): Promise<SettledEngine> {
  const usable = facts.flatMap((fact) => fact.usable ?? []);
  const kept = await withNumerics(service, request, began);
  const same = usable.find(({ numerics }) => imageNumerics(numerics) === began);
  if (same !== undefined) {
    const better = usable[0] === same ? '' : `; --engine ${usable[0]?.kind ?? ''} trains it anew with ${usable[0]?.label ?? ''}`;
    return { ...kept, engine: same, line: `${same.label}: the sweep was last submitted with it${better}` };
  }
  if (kept.preview.work.length === 0) return { ...kept, engine: null, line: `${shown(began)}: the sweep was trained with it; nothing is left to train` };
  const kind = began.split(':')[0];
  const next = usable.find((engine) => engine.kind === kind);
  if (next !== undefined) {
    const settled = await withNumerics(service, request, imageNumerics(next.numerics));
    return { ...settled, engine: next, line: `${next.label}: the sweep was last submitted with ${shown(began)}, which is not here any more; it is trained anew` };
  }
  const problem = facts.find(({ usable: none, found }) => none === null && found !== null)?.problem ?? null;
  throw new EngineUnusable(`sweep ${name} was last submitted with ${shown(began)}`, {
    found: problem === null ? 'no native engine is installed here' : `which cannot be used: ${problem.found}`,
    remedy: `${problem === null ? 'install it again: trawl engine install' : problem.remedy}; or train the sweep anew with --engine wasm`,
  });
}

async function withNumerics(service: Pick<SweepService, 'preview'>, request: SubmitRequest, numerics: string): Promise<{ readonly request: SubmitRequest; readonly preview: Preview }> {
  const settled = { ...request, numerics };
  return { request: settled, preview: await service.preview(settled) };
}

/** E.g. `graph 2.21.0 on cpu` of graph:2.21.0:cpu:DIGEST:decode…; of wasm its name and the kernels' digest. */
function shown(numerics: string): string {
  const [kind = '', first = '', second = ''] = numerics.split(':');
  return kind === 'graph' ? `graph ${first} on ${second}` : `${kind} ${first.slice(0, 8)}`;
}
