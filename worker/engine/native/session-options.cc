// Sessions that run a graph as it is written. TensorFlow's Grappler would rewrite it before each first run of
// what is fetched, which takes longer than it ever saves: the graphs are written as they shall run. Measured on
// one core, TensorFlow 2.21: some 0.4 s of the first step of ResNet-18, whose later steps take the same without
// it within the noise.
//
// tfjs-node's addon gives its sessions no options and takes none. It is compiled with this function's name in
// the place of TF_NewSessionOptions.
#undef TF_NewSessionOptions
#include "tensorflow/c/c_api.h"

extern "C" TF_SessionOptions* trawl_session_options() {
  // ConfigProto { graph_options { rewrite_options { disable_meta_optimizer: true } } }, whose fields are 10, 10
  // and 19 in tensorflow/core/protobuf/{config,rewriter_config}.proto.
  static const unsigned char kConfig[] = {10 << 3 | 2, 5, 10 << 3 | 2, 3, 0x80 | (19 << 3 & 0x7f), 19 >> 4, 1};
  TF_SessionOptions* options = TF_NewSessionOptions();
  TF_Status* status = TF_NewStatus();
  // A TensorFlow that cannot read it rewrites, and is slower.
  TF_SetConfig(options, kConfig, sizeof kConfig, status);
  TF_DeleteStatus(status);
  return options;
}
