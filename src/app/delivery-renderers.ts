/** How each dialect, the native one included, announces the changes of its jobs. */
import { dialects } from '../dialects/index.ts';
import { renderDelivery as native } from '../dialects/native/render-delivery.ts';
import type { RenderDelivery } from '../engine/index.ts';

export function deliveryRenderers(): ReadonlyMap<string, RenderDelivery> {
  const renderers = new Map<string, RenderDelivery>([['native', native]]);
  for (const { name, renderDelivery } of dialects)
    if (renderDelivery !== undefined) renderers.set(name, renderDelivery);
  return renderers;
}
