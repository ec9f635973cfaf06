-- A desk asks for a case that a centre has opened by its reference, and reads what became of that.
create index case_elsewhere_reference on case_elsewhere ((data ->> 'case_ref'));
create index case_elsewhere_asked on case_elsewhere ((data #>> '{asked,desk}')) where data #>> '{asked,desk}' is not null;
