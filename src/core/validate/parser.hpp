// One simdjson parser per thread, leased for the time of one document.
#pragma once

#include <simdjson.h>

#include <memory>
#include <string_view>

namespace chanx::validate {

// The parser's document lives as long as the lease. A lease taken while the thread's parser is in use (user
// code called in the middle of a document decodes another one) gets a parser of its own.
class parser_lease {
public:
    parser_lease();
    ~parser_lease();
    parser_lease(const parser_lease&) = delete;
    parser_lease& operator=(const parser_lease&) = delete;

    // The document may nest `depth` containers. Nothing may be left in the document but what JSON is; the
    // error says no more than that something was.
    simdjson::error_code parse(std::string_view text, simdjson::dom::element& root,
                               std::size_t depth = simdjson::DEFAULT_MAX_DEPTH);

    struct state {
        simdjson::dom::parser parser;
        simdjson::dom::parser tiny_parser;  // for a few words, where vectors do not pay
        // The parser reads past the end: a text that ends where that is not safe is copied.
        std::unique_ptr<char[]> buffer;
        std::size_t room = 0;      // of the buffer
        std::size_t capacity = 0;  // the largest document that has been held
    };

private:
    std::unique_ptr<state> state_;
};

}  // namespace chanx::validate
