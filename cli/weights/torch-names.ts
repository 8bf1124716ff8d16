/** Names of PyTorch's state dicts for the layers of the zoo, which are called as in Keras Applications. */

/** Of a layer the prefix of its tensors (`features.0`); null where PyTorch's model has no such layer. */
export type TorchLayer = (layer: string) => string | null;

export function torchLayers(model: string): TorchLayer {
  return TABLES[model] ?? ((layer) => layer);
}

/** Of a layer's tensor the last part of its name. */
export const TORCH_TENSORS: { readonly [tensor: string]: string } = {
  kernel: 'weight', depthwise_kernel: 'weight', bias: 'bias', gamma: 'weight', beta: 'bias', moving_mean: 'running_mean', moving_variance: 'running_var',
};

/** efficientnet_pytorch's names, of a network without squeeze and excite; `repeats` of its seven groups. */
function efficientNet(repeats: readonly number[]): TorchLayer {
  const own: { readonly [layer: string]: string } = { stem_conv: '_conv_stem', stem_bn: '_bn0', top_conv: '_conv_head', top_bn: '_bn1', predictions: '_fc' };
  const parts: { readonly [part: string]: string } = { expand_conv: '_expand_conv', expand_bn: '_bn0', dwconv: '_depthwise_conv', bn: '_bn1', project_conv: '_project_conv', project_bn: '_bn2' };
  return (layer) => {
    const [, group, letter = '', part = ''] = /^block(\d)([a-z])_(\w+)$/.exec(layer) ?? [];
    if (group === undefined) return own[layer] ?? null;
    const before = repeats.slice(0, Number(group) - 1).reduce((sum, count) => sum + count, 0);
    const name = parts[part];
    return name === undefined ? null : `_blocks.${before + letter.charCodeAt(0) - 97}.${name}`;
  };
}

/** torchvision's. */
function resNet(layer: string): string | null {
  if (layer === 'conv1_conv') return 'conv1';
  if (layer === 'conv1_bn') return 'bn1';
  if (layer === 'predictions') return 'fc';
  const [, group, block, nth, kind] = /^conv(\d)_block(\d+)_(\d)_(conv|bn)$/.exec(layer) ?? [];
  if (group === undefined) return null;
  const prefix = `layer${Number(group) - 1}.${Number(block) - 1}`;
  if (nth === '0') return `${prefix}.downsample.${kind === 'conv' ? 0 : 1}`;
  return `${prefix}.${kind ?? ''}${nth ?? ''}`;
}

/** torchvision's without batch norm; `convolutions` of its five blocks. */
function vgg(convolutions: readonly number[]): TorchLayer {
  const top: { readonly [layer: string]: string } = { fc1: 'classifier.0', fc2: 'classifier.3', predictions: 'classifier.6' };
  return (layer) => {
    const [, block, conv] = /^block(\d)_conv(\d)$/.exec(layer) ?? [];
    if (block === undefined) return top[layer] ?? null;
    // Each convolution is followed by its ReLU, each block by its pool.
    const before = convolutions.slice(0, Number(block) - 1).reduce((sum, count) => sum + 2 * count + 1, 0);
    return `features.${before + 2 * (Number(conv) - 1)}`;
  };
}

/** torchvision's. */
function mobileNetV2(layer: string): string | null {
  const own: { readonly [layer: string]: string } = { Conv1: 'features.0.0', bn_Conv1: 'features.0.1', Conv_1: 'features.18.0', Conv_1_bn: 'features.18.1', predictions: 'classifier.1' };
  if (own[layer] !== undefined) return own[layer];
  const [, block, part = '', norm] = /^(?:expanded_conv|block_(\d+))_(expand|depthwise|project)(_BN)?$/.exec(layer) ?? [];
  if (part === '') return null;
  // The first block does not expand.
  const first = block === undefined;
  const place = ['expand', 'depthwise', 'project'].indexOf(part) - (first ? 1 : 0);
  const convolution = part === 'project' ? String(place) : `${place}.0`;
  const normalisation = part === 'project' ? String(place + 1) : `${place}.1`;
  return `features.${first ? 1 : Number(block) + 1}.conv.${norm === undefined ? convolution : normalisation}`;
}

const TABLES: { readonly [model: string]: TorchLayer } = {
  'efficientnet-lite0': efficientNet([1, 2, 2, 3, 3, 4, 1]),
  resnet18: resNet,
  resnet50: resNet,
  resnet101: resNet,
  vgg16: vgg([2, 2, 3, 3, 3]),
  vgg19: vgg([2, 2, 4, 4, 4]),
  mobilenetv2: mobileNetV2,
};
