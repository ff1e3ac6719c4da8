# SPDX-License-Identifier: BSD-3-Clause
# Writes OUTPUT, a C++ file with the texts of the JSON files in PROFILES (separated by |).
string(REPLACE "|" ";" profiles "${PROFILES}")
set(rows "")
foreach(profile IN LISTS profiles)
  get_filename_component(name ${profile} NAME)
  file(READ ${profile} text)
  string(APPEND rows "      {\"profiles/${name}\", R\"profile(${text})profile\"},\n")
endforeach()
file(WRITE ${OUTPUT}.new "// Generated from tools/ffa-trace/replay/profiles.
#include \"tools/ffa-trace/replay/profile.hpp\"

namespace ffa_trace {
const std::vector<EmbeddedProfile>& embedded_profiles() {
  static const std::vector<EmbeddedProfile> profiles = {
${rows}  };
  return profiles;
}
}  // namespace ffa_trace
")
execute_process(COMMAND ${CMAKE_COMMAND} -E copy_if_different ${OUTPUT}.new ${OUTPUT})
