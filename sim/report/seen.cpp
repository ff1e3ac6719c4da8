// SPDX-License-Identifier: BSD-3-Clause
#include "sim/report/seen.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "ffa/names.hpp"
#include "ffa/reply.hpp"

namespace sim::report {

void Seen::add(const std::vector<trace::Event>& events) {
  for (const trace::Event& event : events) {
    if (event.side != trace::Side::guest || event.seq_ret == 0) continue;
    if (ffa::is_error(event.out)) {
      errors_ |= 1U << -static_cast<int32_t>(ffa::error_status(event.out));
    } else if (ffa::is_function(event.in, ffa::Fid::version) && event.out.w(0) >> 31 == 0) {
      // The lower of both is spoken. [DEN0077A 1.2 §13.2]
      const ffa::Version spoken{std::min(event.in.w(1), event.out.w(0))};
      if (spoken.major() == 1 && spoken.minor() < 32) versions_ |= 1U << spoken.minor();
    }
  }
}

std::vector<std::string> Seen::versions() const {
  std::vector<std::string> names;
  for (unsigned minor = 0; minor < 32; ++minor) {
    if ((versions_ >> minor & 1U) != 0) names.push_back(fmt::format("1.{}", minor));
  }
  return names;
}

std::vector<std::string> Seen::errors() const {
  std::vector<std::string> names;
  for (int32_t code = 1; code < 32; ++code) {
    if ((errors_ >> code & 1U) != 0) {
      names.emplace_back(ffa::status_name(static_cast<ffa::Status>(-code)));
    }
  }
  std::ranges::sort(names);
  return names;
}

}  // namespace sim::report
