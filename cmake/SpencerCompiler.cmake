# Warnings, sanitizers, ccache and what spares compiling time, for our own targets.
add_library(spencer_compiler INTERFACE)
target_compile_options(spencer_compiler INTERFACE -Wall -Wextra -Wshadow -Wnon-virtual-dtor
                       -Woverloaded-virtual -Wno-missing-field-initializers)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(spencer_compiler INTERFACE -Wno-restrict)  # wrong there: GCC bug 105651
endif()
if(SPENCER_WARNINGS_AS_ERRORS)
  target_compile_options(spencer_compiler INTERFACE -Werror)
endif()
if(SPENCER_SANITIZE)
  list(JOIN SPENCER_SANITIZE "," sanitizers)
  target_compile_options(spencer_compiler INTERFACE -fsanitize=${sanitizers}
                         -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  target_link_options(spencer_compiler INTERFACE -fsanitize=${sanitizers})
endif()

if(SPENCER_CCACHE)
  find_program(CCACHE_PROGRAM ccache)
  if(CCACHE_PROGRAM)
    # Sloppiness lets ccache keep objects that use a precompiled header.
    set(launcher ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime
        CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE_PROGRAM})
    set(CMAKE_C_COMPILER_LAUNCHER ${launcher})
    set(CMAKE_CXX_COMPILER_LAUNCHER ${launcher})
  endif()
endif()

# Programs are compiled as libraries are, as position-independent code of the same sort: both can
# use one precompiled header.
set(CMAKE_CXX_COMPILE_OPTIONS_PIE -fPIC)

# ATen's headers take ten times as long as most sources that include them: they are compiled once,
# in advance. (A unity build, which reads them once per room, does without.) A source still includes
# what it uses; clang-tidy reads it without this.
function(spencer_precompile_torch target)
  get_property(first GLOBAL PROPERTY spencer_torch_headers_of)
  if(first)
    target_precompile_headers(${target} REUSE_FROM ${first})
  else()
    target_precompile_headers(${target} PRIVATE <ATen/ATen.h>)
    set_property(GLOBAL PROPERTY spencer_torch_headers_of ${target})
  endif()
endfunction()

# For what does no work that anybody waits for: a release build of it is compiled in half the time.
function(spencer_compile_quickly target)
  target_compile_options(${target} PRIVATE $<$<CONFIG:Release>:-O1>)
endfunction()
