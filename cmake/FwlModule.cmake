# fwl_module(NAME ZONE F|P|H SRCS a.c ... [DEPS other modules ...] [LIBS external targets ...])
#
# One static library per module, and the checks that keep the architecture honest:
#   - link check: an empty program with the whole archive and only the declared
#     DEPS; a call to an undeclared module is an undefined reference;
#   - include check: every project include lies in the module or its DEPS;
#   - symbol check (zones F and P): no heap, clock, random, stdio, floating point.
# A module's headers are reached from the repository root ("core/reader.h").
function(fwl_module name)
  cmake_parse_arguments(M "" "ZONE" "SRCS;DEPS;LIBS" ${ARGN})
  if(NOT M_ZONE MATCHES "^[FPH]$")
    message(FATAL_ERROR "fwl_module(${name}): ZONE is F, P or H")
  endif()
  set(lib fwl_${name})
  add_library(${lib} STATIC ${M_SRCS})
  if(M_ZONE STREQUAL "H")
    target_link_libraries(${lib} PUBLIC fwl_flags_hosted)
  else()
    target_link_libraries(${lib} PUBLIC fwl_flags PRIVATE fwl_flags_pure)
  endif()
  set(frame_F 2048) # on a microcontroller the stack is a few KiB
  set(frame_P 16384)
  if(M_ZONE STREQUAL "F")
    target_compile_options(${lib} PRIVATE -ffreestanding)
  endif()
  if(NOT M_ZONE STREQUAL "H" AND NOT FWL_SANITIZE AND NOT FWL_COVERAGE AND CMAKE_C_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${lib} PRIVATE -Wframe-larger-than=${frame_${M_ZONE}})
  endif()
  list(TRANSFORM M_DEPS PREPEND fwl_ OUTPUT_VARIABLE deps)
  target_link_libraries(${lib} PUBLIC ${deps} ${M_LIBS})
  set_property(TARGET ${lib} PROPERTY FWL_DIR ${CMAKE_CURRENT_SOURCE_DIR})
  set_property(TARGET ${lib} PROPERTY FWL_DEPS ${deps})
  set_property(GLOBAL APPEND PROPERTY FWL_MODULES ${lib})

  set(check check_link_${name})
  add_executable(${check} ${PROJECT_SOURCE_DIR}/cmake/empty.c)
  set_target_properties(${check} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/check)
  # The archive is named by its file: as a target it could not occur a second time below core_host.
  add_dependencies(${check} ${lib})
  target_link_libraries(${check} PRIVATE fwl_flags
    -Wl,--whole-archive $<TARGET_FILE:${lib}> -Wl,--no-whole-archive ${deps} ${M_LIBS})
  if(NOT name STREQUAL "core_host")
    target_link_libraries(${check} PRIVATE fwl_core_host) # the ports: SHA-256, P-256, panic
  endif()

  fwl_closure(closure ${lib})
  set(allowed "")
  foreach(t ${closure})
    get_property(d TARGET ${t} PROPERTY FWL_DIR)
    file(RELATIVE_PATH rel ${PROJECT_SOURCE_DIR} ${d})
    list(APPEND allowed ${rel})
  endforeach()
  add_custom_command(TARGET ${lib} POST_BUILD VERBATIM
    COMMAND ${PROJECT_SOURCE_DIR}/cmake/check_includes.sh ${PROJECT_SOURCE_DIR}
            ${CMAKE_CURRENT_SOURCE_DIR} "${allowed}")
  if(NOT M_ZONE STREQUAL "H" AND NOT FWL_SANITIZE AND NOT FWL_COVERAGE)
    add_custom_command(TARGET ${lib} POST_BUILD VERBATIM
      COMMAND ${PROJECT_SOURCE_DIR}/cmake/check_symbols.sh ${M_ZONE} $<TARGET_FILE:${lib}>)
  endif()
endfunction()

# fwl_closure(OUT lib): lib and every module it may use, directly or not.
function(fwl_closure out lib)
  set(todo ${lib})
  set(done "")
  while(todo)
    list(POP_FRONT todo t)
    if(NOT t IN_LIST done)
      list(APPEND done ${t})
      get_property(d TARGET ${t} PROPERTY FWL_DEPS)
      list(APPEND todo ${d})
    endif()
  endwhile()
  set(${out} ${done} PARENT_SCOPE)
endfunction()
