# find_package(sluice) gives sluice::sluice, the shared library, and sluice::static, which a program links into itself.
get_filename_component(_sluice_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT TARGET sluice::sluice)
  add_library(sluice::sluice SHARED IMPORTED)
  set_target_properties(sluice::sluice PROPERTIES
    IMPORTED_LOCATION "${_sluice_prefix}/lib/libsluice.so.0"
    IMPORTED_SONAME "libsluice.so.0"
    INTERFACE_INCLUDE_DIRECTORIES "${_sluice_prefix}/include;${_sluice_prefix}/include/sluice")

  # The C++ runtime is named as a library, so that a project in C alone can link it.
  add_library(sluice::static STATIC IMPORTED)
  set_target_properties(sluice::static PROPERTIES
    IMPORTED_LOCATION "${_sluice_prefix}/lib/libsluice.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_sluice_prefix}/include;${_sluice_prefix}/include/sluice"
    INTERFACE_LINK_LIBRARIES "stdc++;m")
endif()
unset(_sluice_prefix)
