// `spencer train pretrain`: an encoder out of code alone.
#pragma once

#include <iosfwd>

#include "spencer/base/stop.h"
#include "spencer/train/options.h"
#include "spencer/train/snippets.h"

#include "verbs/train_options.h"

namespace spencer {

struct TrainPretrainArgs : TrainArgs {
  PretrainOptions options;
  SnippetKind snippets = SnippetKind::function;
};

void add_train_pretrain(CLI::App& app, TrainPretrainArgs& args);
int run_train_pretrain(TrainPretrainArgs args, std::ostream& out, const StopFlag& stop);

}  // namespace spencer
