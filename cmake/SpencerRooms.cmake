# A room is a folder of src/ and include/spencer/: one set of objects that goes into one of the two
# libraries. libspencer is free of torch; libspencer_torch holds what needs tensors and is loaded
# on need (see include/spencer/model/engine.h).
# spencer_room(NAME LIBRARY spencer|spencer_torch SOURCES file... [PRIVATE dependency...])
function(spencer_room name)
  cmake_parse_arguments(ARG "" "LIBRARY" "SOURCES;PRIVATE" ${ARGN})
  if(NOT TARGET ${ARG_LIBRARY})
    add_library(${ARG_LIBRARY} SHARED)
    # Beside each other, as they are installed: libspencer finds libspencer_torch so.
    set_target_properties(${ARG_LIBRARY} PROPERTIES
      LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/lib)
    target_include_directories(${ARG_LIBRARY} PUBLIC
      $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
    target_link_options(${ARG_LIBRARY} PRIVATE -Wl,-Bsymbolic-functions -Wl,--no-undefined
                        -Wl,--exclude-libs,ALL)  # what static libraries bring stays inside
  endif()
  set(objects spencer_${name}_objects)
  add_library(${objects} OBJECT ${ARG_SOURCES})
  target_include_directories(${objects} PUBLIC ${PROJECT_SOURCE_DIR}/include
                             PRIVATE ${PROJECT_SOURCE_DIR}/src)
  target_link_libraries(${objects} PRIVATE spencer_compiler nlohmann_json::nlohmann_json
                        ${ARG_PRIVATE})
  if(ARG_LIBRARY STREQUAL spencer_torch)
    spencer_precompile_torch(${objects})
  endif()
  target_sources(${ARG_LIBRARY} PRIVATE $<TARGET_OBJECTS:${objects}>)
  target_link_libraries(${ARG_LIBRARY} PRIVATE spencer_compiler ${ARG_PRIVATE})
endfunction()

# spencer_test(ROOM SOURCES file... [NAME name] [LABELS label...] [SLOW pattern]
#              [LIBRARIES target...])
# One GoogleTest program per call, named ROOM_test (or NAME_test); every case is known to ctest.
# Those that SLOW matches, as --gtest_filter takes it, have that label in place of the others.
function(spencer_test room)
  cmake_parse_arguments(ARG "" "NAME;SLOW" "SOURCES;LABELS;LIBRARIES" ${ARGN})
  if(NOT ARG_NAME)
    set(ARG_NAME ${room})
  endif()
  if(NOT ARG_LABELS)
    set(ARG_LABELS unit)
  endif()
  set(target ${ARG_NAME}_test)
  add_executable(${target} ${ARG_SOURCES})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/src
                             ${PROJECT_SOURCE_DIR}/tests)
  target_compile_definitions(${target} PRIVATE
    SPENCER_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data" SPENCER_DEPS="${SPENCER_DEPS}")
  target_link_libraries(${target} PRIVATE spencer ${ARG_LIBRARIES} spencer_compiler
                        nlohmann_json::nlohmann_json GTest::gtest_main GTest::gmock)
  spencer_compile_quickly(${target})
  if(spencer_torch IN_LIST ARG_LIBRARIES)
    spencer_precompile_torch(${target})
  endif()
  set(others "")
  if(ARG_SLOW)
    set(others TEST_FILTER "-${ARG_SLOW}")
    gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST TEST_FILTER ${ARG_SLOW}
                         PROPERTIES LABELS slow TIMEOUT 3600)
  endif()
  gtest_discover_tests(${target} DISCOVERY_MODE PRE_TEST ${others}
                       PROPERTIES LABELS "${ARG_LABELS}" TIMEOUT 600)
endfunction()

# spencer_test_program(NAME): NAME.cpp, which a test of another language runs.
function(spencer_test_program target)
  add_executable(${target} ${target}.cpp)
  target_link_libraries(${target} PRIVATE spencer spencer_compiler nlohmann_json::nlohmann_json)
  spencer_compile_quickly(${target})
endfunction()
