# SPDX-License-Identifier: BSD-3-Clause
# Mediators as plug-ins for loader_test.cpp: one that works, in plain C, two that are not deterministic, one that ends its process, and one for each way to be refused.
set(FFASIM_TEST_PLUGINS ${CMAKE_BINARY_DIR}/test-plugins)
foreach(plugin minimal drifts unsettled dies silent_entry other_version small_table hole no_entry refuses)
  add_library(plugin_${plugin} MODULE ${CMAKE_CURRENT_LIST_DIR}/plugins/${plugin}.c)
  set_target_properties(plugin_${plugin} PROPERTIES PREFIX "" OUTPUT_NAME ${plugin}
                                                    LIBRARY_OUTPUT_DIRECTORY ${FFASIM_TEST_PLUGINS})
  target_include_directories(plugin_${plugin} PRIVATE ${CMAKE_CURRENT_LIST_DIR}/../../../sim/platform)
  add_dependencies(unit_sim plugin_${plugin})
endforeach()
add_dependencies(unit_sim ffa-mediator)
target_compile_definitions(unit_sim PRIVATE PLUGIN_DIR="${FFASIM_TEST_PLUGINS}"
                                            BUILT_IN_PLUGIN="$<TARGET_FILE:ffa-mediator>")
