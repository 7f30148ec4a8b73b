# Tests that run a reference tool in SPENCER_TEST_PYTHON (see tests/CMakeLists.txt). Without that
# Python they are skipped, and say how to get it; with SPENCER_REQUIRE_TEST_TOOLS they fail.
option(SPENCER_REQUIRE_TEST_TOOLS "Fail the tests that lack a tool, in place of skipping them" OFF)

# spencer_python_test(NAME SCRIPT file ARGS argument... MODULES module... [LABELS label...])
function(spencer_python_test name)
  cmake_parse_arguments(ARG "" "SCRIPT" "ARGS;MODULES;LABELS" ${ARGN})
  if(NOT ARG_LABELS)
    set(ARG_LABELS golden)
  endif()
  list(JOIN ARG_MODULES "," modules)
  add_test(NAME ${name}
           COMMAND ${PROJECT_SOURCE_DIR}/tests/run_python_test.sh ${SPENCER_TEST_PYTHON}
                   ${modules} ${SPENCER_REQUIRE_TEST_TOOLS}
                   ${CMAKE_CURRENT_SOURCE_DIR}/${ARG_SCRIPT} ${ARG_ARGS})
  set_tests_properties(${name} PROPERTIES LABELS "${ARG_LABELS}" SKIP_RETURN_CODE 77 TIMEOUT 900)
endfunction()
