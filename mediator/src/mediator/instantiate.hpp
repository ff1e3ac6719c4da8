// SPDX-License-Identifier: BSD-3-Clause
// All definitions behind mediator/mediator.hpp. Included by the one file of a product that says
// `template class mediator::Mediator<ItsPlatform>;`, and by nobody else.
#pragma once

#include "handlers/mediator_impl.hpp"  // IWYU pragma: export
