# One interface target carries the warnings and the sanitizers, so that every part of the tree is built alike.
add_library(chanx_options INTERFACE)
target_compile_options(chanx_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor)
if(CHANX_SANITIZE)
  target_compile_options(chanx_options INTERFACE -fsanitize=${CHANX_SANITIZE} -fno-omit-frame-pointer -g)
  target_link_options(chanx_options INTERFACE -fsanitize=${CHANX_SANITIZE})
endif()
