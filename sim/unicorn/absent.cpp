// SPDX-License-Identifier: BSD-3-Clause
// In place of the back end where the libraries that it needs were not there when this tree was
// configured.
#include "sim/engine/input_error.hpp"
#include "sim/unicorn/unicorn_mediator.hpp"

namespace sim {

std::unique_ptr<MediatorFactory> unicorn_mediator(const std::string& /*file*/,
                                                  unicorn::Monitoring /*monitoring*/,
                                                  unicorn::CountSink /*counted*/,
                                                  unicorn::BlockSink /*entered*/) {
  throw MissingTool("Unicorn",
                    "this program was built without it; install libunicorn-dev and libelf-dev, "
                    "then configure and build again");
}

}  // namespace sim
