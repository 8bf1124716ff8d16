/** What this side builds and walks; the coordinator carries it as part of a trajectory. */
export type { LayerConfig, Topology } from '../../proto/work.js';
