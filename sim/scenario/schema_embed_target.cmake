# SPDX-License-Identifier: BSD-3-Clause
# Embeds the files of scenarios/schema/ into sim_loader.
set(schema_dir ${PROJECT_SOURCE_DIR}/scenarios/schema)
set(schema_code ${CMAKE_CURRENT_BINARY_DIR}/schema_text.cpp)
set(schema_files
  scenario_schema=${schema_dir}/scenario.json
  steps_schema=${schema_dir}/steps.json
  conformance_matrix=${schema_dir}/conformance-matrix.json
  left_out=${schema_dir}/left-out.json)
list(JOIN schema_files "|" schema_list)
add_custom_command(
  OUTPUT ${schema_code}
  COMMAND ${CMAKE_COMMAND} -DOUTPUT=${schema_code} "-DFILES=${schema_list}"
          -P ${CMAKE_CURRENT_SOURCE_DIR}/scenario/schema_embed.cmake
  DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/scenario/schema_embed.cmake ${schema_dir}/scenario.json
          ${schema_dir}/steps.json ${schema_dir}/conformance-matrix.json ${schema_dir}/left-out.json
  COMMENT "Embedding scenarios/schema" VERBATIM)
target_sources(sim_loader PRIVATE ${schema_code})
