# Warnings, sanitizers and ccache, for our own targets.
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
