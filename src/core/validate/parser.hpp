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

    // Nothing may be left in the document but what JSON is; the error says no more than that something was.
    simdjson::error_code parse(std::string_view text, simdjson::dom::element& root);

    struct state {
        simdjson::dom::parser parser;
        std::unique_ptr<char[]>
            buffer;  // simdjson reads past the end, so the text is copied to where that is safe
        std::size_t capacity = 0;
    };

private:
    std::unique_ptr<state> state_;
};

}  // namespace chanx::validate
