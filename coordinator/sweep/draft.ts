/** A sweep file section by section: what the schema found in order, whatever is wrong elsewhere. */
import * as z from 'zod';
import type { Json } from '../../proto/work.js';
import type { ModelModule } from '../../proto/model-module.js';
import type { WrittenAxis } from '../space/axis.js';
import { namedAxis } from './schema-space.js';
import { imageSchemas, programFile, syntheticFile, zooSchemas, type ImageFile, type ImageSchemas, type ProgramFile, type SyntheticFile } from './schema.js';
import { namesProgram } from './suggest.js';

interface Axes {
  /** Axes of `space` as written, in the file's order; of a list that is wrong in places, those items are undefined. */
  readonly space: ReadonlyMap<string, WrittenAxis>;
  /** Whether that is all of `space`. */
  readonly spaceIsWhole: boolean;
}

interface DraftBase extends Axes {
  /** The file as written, for what can be checked of a section that has other mistakes. */
  readonly raw: RawMap;
}

export interface ImageDraft extends DraftBase {
  readonly kind: 'image';
  readonly sections: Partial<ImageFile>;
  readonly modelIsKnown: boolean;
  /** The module that `model` names; null for a model of the zoo. */
  readonly module: ModelModule | null;
  readonly schemas: ImageSchemas;
}

export interface SyntheticDraft extends DraftBase {
  readonly kind: 'synthetic';
  readonly sections: Partial<SyntheticFile>;
  /** Names of the metrics it reports; null where they could not be read. */
  readonly metrics: readonly string[] | null;
}

/** A command or a module. What it will report nobody knows before it runs. */
export interface ProgramDraft extends DraftBase {
  readonly kind: 'program';
  readonly sections: Partial<ProgramFile>;
}

export type Draft = ImageDraft | SyntheticDraft | ProgramDraft;

export interface DraftReading {
  readonly draft: Draft;
  readonly issues: readonly z.core.$ZodIssue[];
}

export type RawMap = { readonly [key: string]: unknown };

export function isRawMap(value: unknown): value is RawMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * `module` is what was found out about the one that the file names, if it names one.
 * `trainable`, `command` and `module` stand in the place of `data` and `model`, so they decide which kind of file this is.
 */
export function readDraft(raw: RawMap, module: ModelModule | null): DraftReading {
  const trainable = readTrainable(raw);
  if (trainable === 'program') {
    const space = readAxes(raw.space, axisSchema);
    return { draft: { kind: 'program', raw, sections: sectionsOf(programFile, raw), ...space }, issues: programFile.safeParse(raw).error?.issues ?? [] };
  }
  if (trainable === 'synthetic') {
    const sections: Partial<SyntheticFile> = sectionsOf(syntheticFile, raw);
    const metrics = sections.trainable === undefined ? null : Object.keys(sections.trainable.synthetic.metrics);
    const space = readAxes(raw.space, axisSchema);
    return { draft: { kind: 'synthetic', raw, sections, metrics, ...space }, issues: syntheticFile.safeParse(raw).error?.issues ?? [] };
  }
  const schemas = module === null ? zooSchemas : imageSchemas(module.knobs);
  const sections: Partial<ImageFile> = sectionsOf(schemas.file, raw);
  const modelIsKnown = !Object.hasOwn(raw, 'model') || sections.model !== undefined;
  const shape: { readonly [name: string]: z.core.$ZodType } = schemas.space.shape;
  const space = readAxes(raw.space, (name) => (Object.hasOwn(shape, name) ? shape[name] : undefined));
  return { draft: { kind: 'image', raw, sections, modelIsKnown, module, schemas, ...space }, issues: schemas.file.safeParse(raw).error?.issues ?? [] };
}

/** Of a trainable whose hyperparameters have any names. */
function axisSchema(name: string): z.core.$ZodType {
  return name === 'epochs' ? namedAxis.epochs : namedAxis.other;
}

function readTrainable(raw: RawMap): 'image' | 'synthetic' | 'program' {
  if (isRawMap(raw.trainable) && Object.hasOwn(raw.trainable, 'synthetic')) return 'synthetic';
  if (Object.hasOwn(raw, 'trainable')) return 'program';
  const meant = Object.hasOwn(raw, 'data') || Object.hasOwn(raw, 'model') ? ['command', 'module'].some((key) => Object.hasOwn(raw, key)) : Object.keys(raw).some(namesProgram);
  return meant ? 'program' : 'image';
}

/** Of a map, the fields that are right, each by itself. */
export function sectionsOf<Shape extends z.core.$ZodLooseShape>(schema: z.ZodObject<Shape, z.core.$strict>, raw: RawMap): Partial<z.infer<z.ZodObject<Shape, z.core.$strict>>> {
  const read = Object.entries(schema.shape).flatMap(([key, section]) => {
    if (!Object.hasOwn(raw, key)) return [];
    const result = z.safeParse(section, raw[key]);
    return result.success ? [[key, result.data] as const] : [];
  });
  // Each section was parsed by its own schema, which is what the inferred type says of it.
  return Object.fromEntries(read) as Partial<z.infer<z.ZodObject<Shape, z.core.$strict>>>;
}

function readAxes(raw: unknown, schemaOf: (name: string) => z.core.$ZodType | undefined): Axes {
  const space = new Map<string, WrittenAxis>();
  let spaceIsWhole = true;
  if (raw === undefined) return { space, spaceIsWhole };
  if (!isRawMap(raw)) return { space, spaceIsWhole: false };
  for (const [name, written] of Object.entries(raw)) {
    const schema = schemaOf(name);
    if (schema === undefined) {
      spaceIsWhole = false;
    } else if (z.safeParse(schema, written).success) {
      space.set(name, written as Json);
    } else {
      spaceIsWhole = false;
      if (Array.isArray(written)) space.set(name, written.map((item: unknown) => (z.safeParse(schema, [item]).success ? (item as Json) : undefined)));
    }
  }
  return { space, spaceIsWhole };
}
