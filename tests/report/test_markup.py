from sharewise.report.markup import Markup, breakable, tag


def test_text_and_attributes_are_escaped():
    assert tag("a", "<b>", href='"&') == '<a href="&quot;&amp;">&lt;b&gt;</a>'


def test_markup_is_not_escaped_again():
    assert tag("p", tag("b", "x"), " & ", Markup("<wbr>")) == "<p><b>x</b> &amp; <wbr></p>"


def test_attribute_names():
    assert tag("i", class_="a", data_sort="1", hidden=True, title=None, open=False) == (
        '<i class="a" data-sort="1" hidden></i>'
    )
    assert tag("link", rel="icon") == '<link rel="icon">'


def test_names_break_after_underscores():
    assert breakable("no_<b>") == "no_<wbr>&lt;b&gt;"
