# The target spencer_tree_sitter: tree-sitter's core and one grammar per language, compiled from
# the C sources that scripts/setup.sh puts under SPENCER_DEPS.
set(tree_sitter_root ${SPENCER_DEPS}/tree-sitter)
set(tree_sitter_core ${tree_sitter_root}/tree_sitter/tree_sitter/core/lib)
set(tree_sitter_pack ${tree_sitter_root}/tree_sitter_language_pack/parsers)
if(NOT EXISTS ${tree_sitter_core}/src/lib.c)
  message(FATAL_ERROR "tree-sitter's sources were not found under ${tree_sitter_root}. Run "
                      "scripts/setup.sh with the same SPENCER_DEPS.")
endif()

set(tree_sitter_sources ${tree_sitter_core}/src/lib.c)
set(tree_sitter_grammars ${tree_sitter_root}/tree_sitter_c_sharp)
foreach(grammar c cpp go java javascript php python ruby rust tsx typescript)
  list(APPEND tree_sitter_grammars ${tree_sitter_pack}/${grammar})
endforeach()
foreach(grammar ${tree_sitter_grammars})
  list(APPEND tree_sitter_sources ${grammar}/src/parser.c)
  # The tables are constants; what is left to optimise is the lexers' switches, on which -O1 and
  # -O2 are equally fast and -O1 compiles several times sooner.
  set_source_files_properties(${grammar}/src/parser.c PROPERTIES COMPILE_OPTIONS -O1)
  if(EXISTS ${grammar}/src/scanner.c)
    list(APPEND tree_sitter_sources ${grammar}/src/scanner.c)
  endif()
endforeach()

add_library(spencer_tree_sitter STATIC ${tree_sitter_sources})
set_target_properties(spencer_tree_sitter PROPERTIES C_STANDARD 11 C_VISIBILITY_PRESET hidden
                      POSITION_INDEPENDENT_CODE ON UNITY_BUILD OFF)
target_compile_definitions(spencer_tree_sitter PRIVATE _DEFAULT_SOURCE)
target_compile_options(spencer_tree_sitter PRIVATE -w)
if("address" IN_LIST SPENCER_SANITIZE)
  target_compile_options(spencer_tree_sitter PRIVATE -fsanitize=address -fno-omit-frame-pointer)
endif()
target_include_directories(spencer_tree_sitter SYSTEM PUBLIC ${tree_sitter_core}/include
                           # The C# package leaves out the headers that grammars of its version share.
                           PRIVATE ${tree_sitter_core}/src ${tree_sitter_pack}/java/src)
