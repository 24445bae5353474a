# Finds the system libraries. Whatever is missing is reported in one message, by name, with the command that
# installs it, instead of one failed configure run per library.
find_package(Threads REQUIRED)
if(POLICY CMP0167)
  cmake_policy(SET CMP0167 NEW)  # Boost's own configuration instead of CMake's module
endif()
find_package(Boost 1.74 QUIET)
# No version here: simdjson's package refuses every other major one, and 4 will do as well as 3.
find_package(simdjson QUIET)
if(simdjson_FOUND AND simdjson_VERSION VERSION_LESS 3.0)
  set(simdjson_FOUND FALSE)
endif()
find_package(OpenSSL 1.1.1 QUIET)
# Debian's CMake files for hiredis 0.14 point nowhere, so it is looked up by hand.
find_path(HIREDIS_INCLUDE_DIR hiredis/hiredis.h)
find_library(HIREDIS_LIBRARY hiredis)

set(_chanx_apt "")
set(_chanx_brew "")
set(_chanx_names "")
macro(_chanx_missing name apt brew)
  list(APPEND _chanx_names "${name}")
  list(APPEND _chanx_apt "${apt}")
  list(APPEND _chanx_brew "${brew}")
endmacro()

if(NOT Boost_FOUND)
  _chanx_missing("Boost 1.74 or later (headers)" libboost1.81-dev boost)
endif()
if(NOT simdjson_FOUND)
  _chanx_missing("simdjson 3.0 or later" libsimdjson-dev simdjson)
endif()
if(NOT OPENSSL_FOUND)
  _chanx_missing("OpenSSL 1.1.1 or later" libssl-dev openssl)
endif()
if(NOT HIREDIS_INCLUDE_DIR OR NOT HIREDIS_LIBRARY)
  _chanx_missing("hiredis 0.14 or later" libhiredis-dev hiredis)
endif()
if(CHANX_BUILD_TESTS)
  find_path(DOCTEST_INCLUDE_DIR doctest/doctest.h)
  if(NOT DOCTEST_INCLUDE_DIR)
    _chanx_missing("doctest (only for CHANX_BUILD_TESTS)" doctest-dev doctest)
  endif()
endif()

if(_chanx_names)
  list(JOIN _chanx_names "\n  - " _chanx_names)
  list(JOIN _chanx_apt " " _chanx_apt)
  list(JOIN _chanx_brew " " _chanx_brew)
  message(FATAL_ERROR
    "chanx-native needs these system libraries, which were not found:\n  - ${_chanx_names}\n"
    "Install them with\n"
    "  Debian, Ubuntu:  sudo apt-get install ${_chanx_apt}\n"
    "  macOS:           brew install ${_chanx_brew}\n"
    "then run the same command again.")
endif()

add_library(chanx_hiredis INTERFACE)
target_include_directories(chanx_hiredis SYSTEM INTERFACE "${HIREDIS_INCLUDE_DIR}")
target_link_libraries(chanx_hiredis INTERFACE "${HIREDIS_LIBRARY}")
