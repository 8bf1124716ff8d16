/** What --engine takes: apart from choosing, so that the texts of commands load nothing that computes. */
export const ENGINE_NAMES = ['graph', 'wasm', 'eager'] as const;
export type EngineName = (typeof ENGINE_NAMES)[number];
