# SPDX-License-Identifier: BSD-3-Clause
# sim_embed(<target> HEADER <a/b.hpp> NAMESPACE <a::b> FILES <name=path>…): puts files into a library, as embed.cmake says.
set(sim_embed_script ${CMAKE_CURRENT_LIST_DIR}/embed.cmake)
function(sim_embed target)
  cmake_parse_arguments(arg "" "HEADER;NAMESPACE" "FILES" ${ARGN})
  set(code ${CMAKE_CURRENT_BINARY_DIR}/${target}_embedded.cpp)
  list(JOIN arg_FILES "|" files)
  list(TRANSFORM arg_FILES REPLACE "^[^=]*=" "" OUTPUT_VARIABLE paths)
  add_custom_command(
    OUTPUT ${code}
    COMMAND ${CMAKE_COMMAND} -DOUTPUT=${code} -DHEADER=${arg_HEADER} -DNAMESPACE=${arg_NAMESPACE} "-DFILES=${files}"
            -P ${sim_embed_script}
    DEPENDS ${sim_embed_script} ${paths}
    COMMENT "Embedding the files of ${target}" VERBATIM)
  target_sources(${target} PRIVATE ${code})
endfunction()
