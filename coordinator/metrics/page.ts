import type { MetricsPage } from '../api/metrics-route.js';
import type { FleetFacts } from '../leader/fleet-facts.js';
import type { CoordinatorMetrics } from './metrics.js';
import { setGauges } from './observe.js';

/** The text that Prometheus reads, as things stand now. */
export async function metricsPage(metrics: CoordinatorMetrics, facts: FleetFacts | null): Promise<MetricsPage> {
  setGauges(metrics, facts);
  return { contentType: metrics.registry.contentType, text: await metrics.registry.metrics() };
}
