# One interface target carries every compiler flag; nothing is set globally.
add_library(fwl_flags INTERFACE)
target_include_directories(fwl_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_options(fwl_flags INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion
  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wcast-align
  -Wcast-qual -Wpointer-arith -Wundef -Wvla -Wformat=2 -Wimplicit-fallthrough
  -Wnull-dereference -Wdouble-promotion -Wfloat-equal -Wswitch-enum
  -Wwrite-strings -Wredundant-decls
  -fno-strict-aliasing -fno-common
  -ffile-prefix-map=${PROJECT_SOURCE_DIR}/=)
target_compile_definitions(fwl_flags INTERFACE
  $<$<BOOL:${FWL_DCHECK}>:FWL_DCHECK_ON=1>)
if(FWL_SANITIZE)
  target_compile_options(fwl_flags INTERFACE
    -fsanitize=${FWL_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  target_link_options(fwl_flags INTERFACE -fsanitize=${FWL_SANITIZE})
endif()
if(FWL_FUZZ)
  target_compile_options(fwl_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
if(FWL_COVERAGE)
  target_compile_options(fwl_flags INTERFACE --coverage)
  target_link_options(fwl_flags INTERFACE --coverage)
endif()

# Hosted code may use POSIX; zones F and P see the C library only as declared here.
add_library(fwl_flags_hosted INTERFACE)
target_link_libraries(fwl_flags_hosted INTERFACE fwl_flags)
target_compile_definitions(fwl_flags_hosted INTERFACE _GNU_SOURCE)

add_library(fwl_flags_pure INTERFACE)
target_link_libraries(fwl_flags_pure INTERFACE fwl_flags)
target_compile_options(fwl_flags_pure INTERFACE -fno-builtin-malloc)
if(NOT FWL_SANITIZE AND NOT FWL_COVERAGE)
  target_compile_options(fwl_flags_pure INTERFACE
    $<$<C_COMPILER_ID:GNU>:-fstack-usage>
    # Floating point becomes a compile error (gcc) or a library call that the symbol check finds (clang).
    $<$<STREQUAL:${CMAKE_SYSTEM_PROCESSOR},x86_64>:-mgeneral-regs-only>)
endif()
